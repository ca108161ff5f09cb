/** A container, and the resolver that it asks. */
export interface AdoptionJson {
  readonly id: string;
  readonly name: string;
  readonly stack: string;
  /** Whether it asks Fairlead. */
  readonly adopted: boolean;
  /** Why it does not: `not-wanted`, `unreachable`, ... Absent if it does. */
  readonly code?: string;
  /** The reason in words, with what to do. */
  readonly why: string;
  /** Its DNS server, if known; `127.0.0.11` is Docker's resolver. */
  readonly server?: string;
}

/** `GET /v1/adoption`, and the answer of `PUT /v1/adoption`: the running containers, by stack and name. */
export interface AdoptionListJson {
  readonly containers: readonly AdoptionJson[];
}

/** Adoption at a glance. */
export interface AdoptionStatusJson {
  /** How many running containers ask Fairlead. */
  readonly adopted: number;
  /** How many do not, by the code of the reason. */
  readonly left: Readonly<Record<string, number>>;
  /** The reasons, in words and without duplicates, that prevent the adoption of selected containers. */
  readonly problems: readonly string[];
}
