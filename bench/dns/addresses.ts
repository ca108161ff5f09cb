/** The nth IPv4 address from `first` on. */
export function addressesFrom(first: string): (index: number) => string {
  const base = first.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
  return (index) => {
    const number = base + index;
    return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
  };
}
