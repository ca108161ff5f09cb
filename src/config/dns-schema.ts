import { z } from 'zod';
import { WRITABLE_TYPES } from '../wire/static-record.js';
import { section, switchable } from './sections.js';
import {
  bySuffix,
  duration,
  listenAddress,
  must,
  oneOf,
  path,
  record,
  shortText,
  subnet,
  suffix,
  upstream,
  wholeNumber,
} from './value-schemas.js';

export const dnsSchema = section({
  listen: z
    .array(listenAddress(), must('a list of addresses, such as ["169.254.169.250:53"]'))
    .min(1, { error: 'is empty; it must be a list of at least one address, such as ["169.254.169.250:53"]' })
    .describe(
      'Where the DNS server listens, UDP and TCP. A link-local address that the host does not have is added to an interface. Port 0 picks a free port.',
    )
    .prefault(['169.254.169.250:53']),
  ttl: wholeNumber(0, 86_400, 'seconds')
    .describe('How long clients may cache an answer about a name in the domain.')
    .prefault(1),
  negativeTtl: wholeNumber(0, 300, 'seconds')
    .describe(
      'How long clients may cache the answer that a name in the domain, or a record of the requested type, does not exist.',
    )
    .prefault(1),
  upstreams: z
    .union(
      [z.literal('system'), z.array(upstream())],
      must(
        'system, or a list of servers such as ["192.0.2.1", "192.0.2.2:5353", "tls://192.0.2.3#dns.example"]',
      ),
    )
    .describe(
      "The DNS servers to which all other names are forwarded, over UDP and TCP, or over TLS (`tls://`). `system` takes the servers in the host's resolv.conf, except Fairlead itself. An empty list switches forwarding off.",
    )
    .prefault('system'),
  upstreamTimeout: duration('100ms', '1m')
    .describe('How long to wait for one upstream server.')
    .prefault('2s'),
  upstreamCa: path('a file of CA certificates (PEM)')
    .describe(
      'The certificate authorities that verify upstreams over TLS, instead of those that Node.js trusts.',
    )
    .optional(),
  forward: bySuffix(
    z.union(
      [upstream().transform((server) => [server]), z.array(upstream())],
      must('a server such as 10.0.0.53, or a list of servers such as ["10.0.0.53", "10.0.0.54"]'),
    ),
    'a mapping from suffixes to servers, such as { corp.example: ["10.0.0.53"] }',
  )
    .describe(
      'Other upstream servers for names that end in a suffix, one or a list: `consul: 127.0.0.1:8600`, `corp.example: ["10.0.0.53", "10.0.0.54"]`. The longest suffix wins. It also forwards suffixes that are otherwise answered locally (`home.arpa`, `10.in-addr.arpa`). An empty list refuses such names.',
    )
    .prefault({}),
  records: z
    .array(record(), must('a list of records, such as ["printer.lan 300 A 192.0.2.7"]'))
    .describe(
      `Additional records, one per line as in a zone file: ${WRITABLE_TYPES}. Names are absolute, inside or outside the domain. \`*\` as the first label makes a wildcard.`,
    )
    .prefault([]),
  maxForwardsPerClient: wholeNumber(1, 10_000, 'queries')
    .describe('How many queries of one client may wait for upstream servers. Further queries get SERVFAIL.')
    .prefault(100),
  cacheSize: wholeNumber(0, 1024, 'MiB')
    .describe('The size of the cache for answers of upstream servers; 0 switches it off.')
    .prefault(8),
  rebindProtection: switchable({
    allow: z
      .array(suffix(), must('a list of suffixes, such as ["corp.example"]'))
      .describe('Names that may have such addresses. Names in `dns.forward` always may.')
      .prefault([]),
  })
    .describe(
      'Removes private, loopback and link-local addresses from the answers of upstream servers, so that a web site cannot point its name at your services. Default: off.',
    )
    .optional(),
  allow: z
    .array(subnet(), must('a list of subnets, such as ["127.0.0.0/8", "172.16.0.0/12"]'))
    .min(1, {
      error: 'is empty, so no client could ask; list subnets, or remove the key for the default',
    })
    .describe(
      'The subnets whose clients are answered; other clients get no reply at all. Default: private and link-local addresses, and the networks and tasks that Fairlead knows.',
    )
    .optional(),
  rateLimit: wholeNumber(0, 100_000, 'replies per second')
    .describe(
      'How many similar replies per second an unknown subnet (/24, /56) gets over UDP before it must retry over TCP. The host and the networks and tasks that Fairlead knows have no limit. 0 means no limit for any client.',
    )
    .prefault(100),
  queryLog: switchable({
    sample: wholeNumber(1, 1_000_000, 'queries').describe('Log one of this many queries.').prefault(1),
    classes: z
      .array(
        oneOf(['success', 'denial', 'error']),
        must('a list of success, denial (NXDOMAIN, NODATA) and error (all else)'),
      )
      .min(1, { error: 'is empty, so nothing would be logged; to log nothing, set dns.queryLog to false' })
      .describe('Which queries to log: `success`, `denial` (NXDOMAIN and NODATA), `error` (all others).')
      .prefault(['success', 'denial', 'error']),
  })
    .describe('Writes a log line for each query that was answered. Default: off.')
    .optional(),
  privacy: oneOf(['off', 'no-clients', 'no-names'])
    .describe(
      'What of a query neither `dns.queryLog` nor `fairlead dns log` nor the API shows. `no-clients`: who asked. `no-names`: who asked, for which name, and the answer. `off`: everything is shown.',
    )
    .prefault('off'),
  native: oneOf(['auto', 'off'])
    .describe(
      'Whether threads that receive and send many packets per system call answer UDP (Linux, with the package koffi). `off`: Node answers packets one by one. Takes effect at the next start.',
    )
    .prefault('auto'),
  workers: z
    .union(
      [z.literal('auto'), wholeNumber(1, 64, 'threads')],
      must('auto, or a number of threads from 1 to 64'),
    )
    .describe(
      'How many threads answer UDP. `auto`: one on up to 4 cores, else a quarter of the cores, at most 4. Takes effect at the next start.',
    )
    .prefault('auto'),
  realTime: oneOf(['auto', 'off'])
    .describe(
      'Whether the threads that answer UDP run before all ordinary processes of the host, as long as they wait for queries in between (SCHED_RR; needs CAP_SYS_NICE). `off`: they only get a larger share of the processor. Takes effect at the next start.',
    )
    .prefault('auto'),
  nsid: shortText('a name for this server', 64)
    .describe('The answer to clients that ask which server this is (NSID, RFC 5001). Default: none.')
    .optional(),
  topLevelDomains: path("IANA's list of top-level domains (tlds-alpha-by-domain.txt)")
    .describe(
      "A list of the Internet's top-level domains that is newer than the one in Fairlead: IANA's `tlds-alpha-by-domain.txt`. Two-label names that end in such a domain are not read as `service.stack`.",
    )
    .optional(),
});
