// Usage: npm run test:differential
import { compareWithNamed, type Difference } from './differential/compare.js';

const short = (text: string) => (text.length > 150 ? `${text.slice(0, 150)}...` : text);

function printTable(title: string, rows: readonly Difference[]): void {
  console.log(`${title}: ${rows.length}`);
  for (const { name, type, fairlead, named } of rows) {
    console.log(`  ${name} ${type}\n    Fairlead  ${short(fairlead)}\n    named     ${short(named)}`);
  }
}

try {
  const { compared, differences } = await compareWithNamed();
  const reasons = new Set(differences.flatMap(({ wanted }) => wanted ?? []));
  for (const reason of reasons) {
    printTable(
      `Wanted: ${reason}`,
      differences.filter(({ wanted }) => wanted === reason),
    );
  }
  const faults = differences.filter(({ wanted }) => wanted === undefined);
  if (faults.length > 0) printTable('Not wanted', faults);
  console.log(`${compared} compared, ${differences.length} differ, ${faults.length} of them not wanted`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
