import { describe, expect, test } from 'vitest';
import { allFunctions } from '../../src/render/functions/all-functions.js';
import { addressNumber, type InterfaceAddress } from '../../src/render/functions/host-interfaces.js';
import { RunContext } from '../../src/render/run-context.js';
import { TemplateError } from '../../src/template/template-error.js';
import { Template } from '../../src/template/template.js';
import { CONSUL_TEMPLATE, NOT_HERE, NOT_REPEATABLE, SPRIG } from './function-names.js';

/** Fairlead's own. */
const OWN = ['stacks', 'tasks', 'vip', 'endpoints'];

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0);

function address(name: string, index: number, text: string, prefix: number, flags: string): InterfaceAddress {
  return {
    ...{ name, index, prefix, flags: flags.split('|'), isDefault: name === 'eth0' },
    family: text.includes(':') ? 6 : 4,
    address: addressNumber(text),
  };
}

const INTERFACES = [
  address('lo', 1, '127.0.0.1', 8, 'up|loopback'),
  address('lo', 1, '::1', 128, 'up|loopback'),
  address('eth0', 2, '10.1.2.3', 16, 'up|broadcast|multicast'),
  address('eth0', 2, '2001:db8::5', 64, 'up|broadcast|multicast'),
  address('eth1', 3, '198.0.2.7', 24, 'up|broadcast|multicast'),
  address('tun0', 4, '172.16.0.9', 30, 'up|pointtopoint|multicast'),
];

function functions() {
  return allFunctions(new RunContext({ answer: () => undefined }), {
    host: { environment: {}, allowPlugin: false, allowWriteToFile: false, interfaces: () => INTERFACES },
    now: () => NOW,
  });
}

function run(text: string): string {
  const known = functions();
  return Template.parse('t', text, { functions: known, missingKey: 'zero' }).execute(undefined, known);
}

describe('the table of functions', () => {
  test("has every name of consul-template and of Sprig, and Fairlead's own, and no other", () => {
    const wanted = [...CONSUL_TEMPLATE, ...SPRIG.map((name) => `sprig_${name}`), ...OWN];
    expect([...functions().keys()].sort()).toEqual(wanted.sort());
    expect([CONSUL_TEMPLATE.length, SPRIG.length]).toEqual([97, 211]);
  });

  test.each([...NOT_HERE, ...NOT_REPEATABLE.map((name) => `sprig_${name}`)])(
    '%s says why it is left out',
    (name) => {
      expect(() => run(`{{${name} "a"}}`)).toThrow(
        expect.objectContaining({
          message: expect.stringMatching(
            new RegExp(`error calling ${name}: ${name} is not supported: `),
          ) as string,
        }) as Error,
      );
      expect(() => run(`{{${name}}}`)).toThrow(TemplateError);
    },
  );

  test('plugin and writeToFile are off until they are allowed', () => {
    expect(() => run('{{plugin "date"}}')).toThrow('plugin may be used when render.allowPlugin is true');
    expect(() => run('{{"x" | writeToFile "/x" "" "" "0644"}}')).toThrow(
      'writeToFile may be used when render.allowWriteToFile is true',
    );
  });
});

// What Sprig 3.2.3 itself gave for these texts.
describe("Sprig's functions of times, URLs and passwords", () => {
  test.each([
    ['sprig_durationRound "2h10m5s"', '2h'],
    ['sprig_durationRound "bad"', '0s'],
    ['sprig_durationRound "-1m"', '60s'],
    ['sprig_durationRound "8761h"', '1y'],
    ['sprig_durationRound "721h"', '1mo'],
    ['sprig_duration "3605"', '1h0m5s'],
    ['sprig_duration (sprig_int64 95)', '1m35s'],
    ['sprig_duration 95', '0s'],
    ['sprig_ago (sprig_toDate "2006-01-02 15:04:05" "2026-01-31 10:58:57")', '1h1m3s'],
    ['sprig_ago 1769860800', '0s'],
    ['sprig_durationRound (sprig_toDate "2006-01-02" "2026-01-29")', '2d'],
    ['sprig_toDate "2006-01-02" "2017-12-31"', '2017-12-31 00:00:00 +0000 UTC'],
    ['sprig_toDate "2006-01-02" "nonsense"', '0001-01-01 00:00:00 +0000 UTC'],
    ['(sprig_toDate "2006-01-02" "2017-12-31").Format "Mon Jan _2 2006"', 'Sun Dec 31 2017'],
    [
      'sprig_mustToDate "Jan 2, 2006 at 3:04pm (MST)" "Feb 3, 2013 at 7:54pm (UTC)" | sprig_unixEpoch',
      '1359921240',
    ],
    [
      'sprig_must_date_modify "-1.5h" (sprig_toDate "2006-01-02" "2017-12-31")',
      '2017-12-30 22:30:00 +0000 UTC',
    ],
    [
      'sprig_urlParse "http://user:p%20w@host:8080/a%20b?x=1#f"',
      'map[fragment:f host:host:8080 hostname:host opaque: path:/a b query:x=1 scheme:http userinfo:user:p%20w]',
    ],
    [
      'sprig_urlParse "mailto:a@b.c"',
      'map[fragment: host: hostname: opaque:a@b.c path: query: scheme:mailto userinfo:]',
    ],
    [
      'sprig_urlJoin (sprig_dict "scheme" "http" "host" "h:1" "path" "a b" "query" "q=1" "fragment" "f g" "userinfo" "u:p")',
      'http://u:p@h:1/a%20b?q=1#f%20g',
    ],
    ['sprig_urlJoin (sprig_dict "path" "a:b/c")', './a:b/c'],
    ['sprig_derivePassword 1 "long" "password" "user" "example.com"', 'ZedaFaxcZaso9*'],
    ['sprig_decryptAES "secretkey" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ="', 'plaintext'],
  ])('%s', (text, expected) => {
    expect(run(`{{${text}}}`)).toBe(expected);
  });

  test.each([
    ['sprig_mustToDate "2006-01-02" "2021-02-30"', 'day out of range'],
    ['sprig_mustDateModify "x" (sprig_toDate "2006" "2017")', 'time: invalid duration "x"'],
    ['sprig_unixEpoch "x"', 'the argument must be a time'],
    ['sprig_urlParse "http://a b/"', 'invalid character " " in host name'],
    ['sprig_urlParse "http://h:x/"', 'invalid port ":x" after host'],
    ['sprig_urlParse "http://h/%zz"', 'invalid URL escape "%zz"'],
    ['sprig_buildCustomCert "eA==" "eA=="', 'error parsing certificate'],
    ['sprig_decryptAES "wrong" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ="', 'wrong password'],
  ])('%s fails: %s', (text, message) => {
    expect(() => run(`{{${text}}}`)).toThrow(message);
  });
});

describe('sockaddr', () => {
  test.each([
    ['GetPrivateIP', '10.1.2.3'],
    ['GetPrivateIPs', '10.1.2.3 172.16.0.9'],
    ['GetPublicIP', '198.0.2.7'],
    ['GetInterfaceIP "eth1"', '198.0.2.7'],
    ['GetInterfaceIPs "eth0"', '10.1.2.3 2001:db8::5'],
    ['GetDefaultInterfaces | join "string" " "', '10.1.2.3/16 2001:db8::5/64'],
    [
      'GetAllInterfaces | include "type" "IPv4" | exclude "flags" "loopback" | join "name" ","',
      'eth0,eth1,tun0',
    ],
    [
      'GetAllInterfaces | include "network" "10.0.0.0/8|172.16.0.0/12" | join "address" " "',
      '10.1.2.3 172.16.0.9',
    ],
    ['GetAllInterfaces | include "rfc" "1918" | sort "-address" | attr "address"', '172.16.0.9'],
    ['GetAllInterfaces | include "flag" "point-to-point" | attr "flags"', 'up|pointtopoint|multicast'],
    ['. | limit 1 | attr "netmask"', '255.0.0.0'],
    ['GetAllInterfaces | offset -1 | attr "last_usable"', '172.16.0.10'],
    ['GetAllInterfaces | include "name" "^eth0$" | math "network" "-1" | attr "address"', '10.1.255.255'],
    ['GetAllInterfaces | include "name" "^eth0$" | math "address" "+10" | attr "address"', '10.1.2.13'],
    ['GetAllInterfaces | include "name" "^eth1$" | math "mask" "8" | attr "string"', '198.0.0.0/8'],
    ['GetAllInterfaces | unique "name" | join "name" " "', 'lo eth0 eth1 tun0'],
  ])('%s', (text, expected) => {
    expect(run(`{{sockaddr ${JSON.stringify(text)}}}`)).toBe(expected);
  });

  test.each([
    ['GetAllInterfaces | include "rfc" "1"', 'unsupported RFC 1'],
    ['GetAllInterfaces | attr "nope"', 'unsupported attribute name "nope"'],
    ['GetAllInterfaces | sort "x"', 'unknown sort type: "x"'],
    ['GetAllInterfaces | include "flags" "x"', 'Unknown interface flag: "x"'],
    ['nosuch', 'function "nosuch" not defined'],
    ['GetAllInterfaces | offset 99', 'exceeds the number of interfaces (6)'],
  ])('%s fails: %s', (text, message) => {
    expect(() => run(`{{sockaddr ${JSON.stringify(text)}}}`)).toThrow(message);
  });
});
