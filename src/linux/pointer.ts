/** A pointer as a number: addresses of user space fit 47 bits. 0 is NULL. */
export type Pointer = number;
