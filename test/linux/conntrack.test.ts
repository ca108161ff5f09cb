import { expect, it } from 'vitest';
import { parseFlows } from '../../src/linux/conntrack.js';

it('reads the flows that are led elsewhere, from the command and from the file of the kernel', () => {
  const text = [
    'tcp      6 431999 ESTABLISHED src=10.88.0.100 dst=10.43.0.2 sport=40000 dport=80 src=10.88.0.11 dst=10.88.0.1 sport=8080 dport=40000 [ASSURED] mark=0 use=1',
    'ipv4     2 udp      17 29 src=10.88.0.100 dst=10.43.0.3 sport=21000 dport=53 packets=1 bytes=29 [UNREPLIED] src=10.88.0.12 dst=10.88.0.1 sport=5353 dport=21000 packets=0 bytes=0 mark=0 zone=0 use=2',
    'ipv6     10 tcp      6 60 SYN_SENT src=fd88:0000:0000:0000:0000:0000:0000:0100 dst=fd43:0000:0000:0000:0000:0000:0000:0002 sport=1 dport=80 [UNREPLIED] src=fd88:0000:0000:0000:0000:0000:0000:0011 dst=fd88:0000:0000:0000:0000:0000:0000:0001 sport=8080 dport=1 mark=0 zone=0 use=2',
    'tcp      6 100 TIME_WAIT src=10.88.0.100 dst=10.43.0.2 sport=40001 dport=80 src=10.88.0.11 dst=10.88.0.1 sport=8080 dport=40001 [ASSURED] mark=0 use=1',
    'udp      17 5 src=10.88.0.100 dst=10.88.0.1 sport=1 dport=53 src=10.88.0.1 dst=10.88.0.100 sport=53 dport=1 mark=0 use=1',
    'icmp     1 29 src=10.88.0.1 dst=10.88.0.2 type=8 code=0 id=1 src=10.88.0.2 dst=10.88.0.1 type=0 code=0 id=1 mark=0 use=1',
  ].join('\n');
  expect(parseFlows(text)).toEqual([
    { protocol: 'tcp', vip: '10.43.0.2', port: 80, task: '10.88.0.11', taskPort: 8080 },
    { protocol: 'udp', vip: '10.43.0.3', port: 53, task: '10.88.0.12', taskPort: 5353 },
    { protocol: 'tcp', vip: 'fd43::2', port: 80, task: 'fd88::11', taskPort: 8080 },
  ]);
});
