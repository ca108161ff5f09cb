import { variadic } from '../../template/functions.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY } from '../../template/types.js';
import type { Named } from './sprig-values.js';

const RANDOM =
  'gives another result at every run, so the file would be written again and again; make it once, and read it with key or file';

/** Why functions of Sprig are left out, by what they have in common. */
const REASONS: readonly (readonly [string, readonly string[]])[] = [
  [
    RANDOM,
    [
      ...['bcrypt', 'htpasswd', 'encryptAES', 'genPrivateKey', 'genCA', 'genCAWithKey', 'genSelfSignedCert'],
      ...['genSelfSignedCertWithKey', 'genSignedCert', 'genSignedCertWithKey', 'randInt', 'shuffle'],
      ...['randAlpha', 'randAlphaNum', 'randAscii', 'randBytes', 'randNumeric', 'uuidv4'],
    ],
  ],
  [
    'depends on the time and the time zone of the host; use timestamp, or the Format of a time: (sprig_toDate "2006-01-02" "2026-01-31").Format "Jan 2"',
    [
      ...[
        'date',
        'dateInZone',
        'date_in_zone',
        'dateModify',
        'date_modify',
        'htmlDate',
        'htmlDateInZone',
        'now',
      ],
    ],
  ],
  ['depends on the host; use env', ['env', 'expandenv']],
  ['asks a name server at every run; use service or node', ['getHostByName']],
];

/** Functions of Sprig that fail with the reason why they are left out. consul-template has some of them. */
export const SPRIG_ABSENT: readonly Named[] = REASONS.flatMap(([why, names]) =>
  names.map((name): Named => [
    name,
    variadic([ANY], () => {
      throw new FunctionError(`sprig_${name} is not supported: it ${why}`);
    }),
  ]),
);
