import { failureOf, readCases } from './case-file.js';

/** Runs the cases of the files that are given: `npm run test:templates -- FILE`. */
const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: npm run test:templates -- FILE...');
  process.exit(2);
}
let passed = 0;
let failed = 0;
for (const each of files.flatMap(readCases)) {
  const failure = failureOf(each);
  if (failure === undefined) passed += 1;
  else {
    failed += 1;
    console.log(`${each.name}: ${failure}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
