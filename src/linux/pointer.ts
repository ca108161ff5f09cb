/** A pointer as a number: user-space addresses fit into 47 bits. 0 is NULL. */
export type Pointer = number;
