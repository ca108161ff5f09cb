import type { Health } from '../../catalog/model.js';
import type { VipCarrier } from '../../net/vip-figures.js';
import type { VipSettings, VipState } from './vips-json.js';

/** One question, its answer and the reasons, as the API shows them; see `types.ts`. */

/** What one client can see. */
export interface ViewJson {
  /** The client's address; absent: no particular client. */
  readonly address?: string;
  readonly environment: string;
  readonly stack?: string;
  /** `service.stack`. */
  readonly service?: string;
  /** The task's name. */
  readonly task?: string;
  readonly networks: readonly string[] | 'all';
}

export interface RecordJson {
  /** With the final dot. */
  readonly name: string;
  /** IANA mnemonic, or `TYPE65280` (RFC 3597 section 5). */
  readonly type: string;
  readonly ttl: number;
  /** Presentation format of RFC 1035 section 5, or `\# 3 abcdef` (RFC 3597) for types without one here. */
  readonly data: string;
}

/** A DNS response, decoded. */
export interface DnsMessageJson {
  /** `NOERROR`, `NXDOMAIN`, ...; `NOREPLY` if the client would get no reply at all. */
  readonly rcode: string;
  /** The flags that are set, in lower case: `qr`, `aa`, `tc`, `rd`, `ra`, `ad`, `cd`. */
  readonly flags: readonly string[];
  readonly question: { readonly name: string; readonly type: string };
  readonly answers: readonly RecordJson[];
  readonly authority: readonly RecordJson[];
  /** Without the OPT record. */
  readonly additional: readonly RecordJson[];
  /** Extended DNS errors (RFC 8914). */
  readonly errors: readonly { readonly code: number; readonly text: string }[];
  /** If the message could not be decoded: the reason. The sections are then empty. */
  readonly undecoded?: string;
  /** The message itself in base64; empty if there is none. */
  readonly wire: string;
}

/** `GET /v1/query`. */
export interface QueryJson extends DnsMessageJson {
  readonly source: 'own' | 'upstream' | 'none';
  /** A sentence that says what decided the answer. */
  readonly rule: string;
  /** Duration in milliseconds. */
  readonly ms: number;
  readonly view: ViewJson;
}

/** One step on the way to an answer. */
export interface ExplainStepJson {
  readonly tried: string;
  readonly matched: boolean;
  readonly why: string;
}

/** A task to which the name could refer. */
export interface ExplainTaskJson {
  readonly id: string;
  readonly name: string;
  readonly service?: string;
  readonly health: Health;
  readonly reason?: string;
  readonly addresses: readonly string[];
  /** Whether it is in the answer. */
  readonly in: boolean;
  readonly why: string;
}

/** A port of the virtual IP to which a name refers. */
export interface ExplainVipPortJson {
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly scheduler: string;
  /** Absent: nothing is set. */
  readonly settings?: VipSettings;
  readonly state: VipState;
  readonly problem?: string;
  /** What carries it; absent: the data plane carries all alike. */
  readonly carrier?: VipCarrier;
}

/** `GET /v1/explain`. */
export interface ExplainJson {
  readonly name: string;
  readonly type: string;
  readonly view: ViewJson;
  /** Present if the client asks another resolver before Fairlead: which one, and why the client is not adopted. */
  readonly elsewhere?: string;
  readonly steps: readonly ExplainStepJson[];
  readonly rule: string;
  readonly rcode: string;
  /** The virtual IP to which the name refers; `tasks` are then the tasks behind it. */
  readonly vip?: { readonly address: string; readonly ports: readonly ExplainVipPortJson[] };
  readonly tasks: readonly ExplainTaskJson[];
  /** Presentation format. */
  readonly answers: readonly string[];
}
