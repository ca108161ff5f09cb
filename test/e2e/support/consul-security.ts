import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './command.js';

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
}

/** An authority of its own, a server at 127.0.0.1 and a client, made by openssl. */
export async function createCertificates(dir: string): Promise<Certificates> {
  const path = (name: string): string => join(dir, name);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await must('openssl', [
    ...['req', '-x509', ...curve, '-days', '2', '-subj', '/CN=Fairlead test CA'],
    ...['-keyout', path('ca.key'), '-out', path('ca.pem')],
  ]);
  const issue = async (name: string, more: readonly string[]): Promise<void> => {
    const request = path(`${name}.csr`);
    await must('openssl', [
      ...['req', ...curve, '-subj', `/CN=${name}`, '-keyout', path(`${name}.key`), '-out', request],
    ]);
    const extensions = path(`${name}.ext`);
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:server.dc1.consul\n');
    await must('openssl', [
      ...['x509', '-req', '-in', request, '-CA', path('ca.pem'), '-CAkey', path('ca.key')],
      ...['-set_serial', String(name.length), '-extfile', extensions, '-out', path(`${name}.pem`), ...more],
    ]);
  };
  await issue('server', ['-days', '2']);
  await issue('client', ['-days', '2']);
  return {
    ca: path('ca.pem'),
    serverCert: path('server.pem'),
    serverKey: path('server.key'),
    clientCert: path('client.pem'),
    clientKey: path('client.key'),
  };
}

/** A certificate of a server at 127.0.0.1 that was valid for a day in 2020. */
export async function createExpiredCertificate(
  dir: string,
): Promise<{ readonly key: string; readonly cert: string }> {
  const path = (name: string): string => join(dir, name);
  const [key, cert, request, config] = ['old.key', 'old.pem', 'old.csr', 'old.cnf'].map(path) as [
    string,
    string,
    string,
    string,
  ];
  writeFileSync(
    config,
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${path('index.txt')}\nserial=${path('serial')}\nnew_certs_dir=${dir}\n` +
      'default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=IP:127.0.0.1\n',
  );
  writeFileSync(path('index.txt'), '');
  writeFileSync(path('serial'), '01\n');
  await must('openssl', [
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', '/CN=old', '-keyout', key, '-out', request],
  ]);
  await must('openssl', [
    ...['ca', '-batch', '-selfsign', '-config', config, '-keyfile', key, '-in', request, '-out', cert],
    ...['-startdate', '200101000000Z', '-enddate', '200102000000Z', '-notext'],
  ]);
  return { key, cert };
}
