/** The entry point of the thread that parses a long services file. */
import { parentPort, workerData } from 'node:worker_threads';
import { parseServicesFile } from './parse.js';
import type { ParseInput } from './parse-thread.js';

const { text, environment } = workerData as ParseInput;
parentPort?.postMessage(parseServicesFile(text, environment));
