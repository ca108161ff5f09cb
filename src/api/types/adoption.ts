/** A container, and whom it asks for names. */
export interface AdoptionJson {
  readonly id: string;
  readonly name: string;
  readonly stack: string;
  /** It asks Fairlead. */
  readonly adopted: boolean;
  /** Why it does not: `not-wanted`, `unreachable`, ... Absent: it does. */
  readonly code?: string;
  /** In words, with what to do. */
  readonly why: string;
  /** Its DNS server, where it is known; `127.0.0.11` is Docker's resolver. */
  readonly server?: string;
}

/** `GET /v1/adoption`, and the answer of `PUT /v1/adoption`: the containers that run, by stack and name. */
export interface AdoptionListJson {
  readonly containers: readonly AdoptionJson[];
}

/** Adoption at a glance. */
export interface AdoptionStatusJson {
  /** How many containers that run ask Fairlead. */
  readonly adopted: number;
  /** How many do not, by the code of why. */
  readonly left: Readonly<Record<string, number>>;
  /** What keeps wanted containers from being adopted, in words, each once. */
  readonly problems: readonly string[];
}
