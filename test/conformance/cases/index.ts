import type { ConformanceCase } from '../model.js';
import { cookbookCases } from './cookbook.js';
import { ednsCases } from './edns.js';
import { headerCases } from './header.js';
import { localCases } from './local.js';
import { nameCases } from './names.js';
import { questionCases } from './question.js';
import { transportCases } from './transport.js';
import { zoneCases } from './zone.js';

/** A part of the table, as the report shows it. */
export interface Section {
  readonly title: string;
  readonly cases: readonly ConformanceCase[];
}

export const sections: readonly Section[] = [
  { title: 'Header, opcode, garbage', cases: headerCases },
  { title: 'Flags, class, type', cases: questionCases },
  { title: 'Names, case, compression', cases: nameCases },
  { title: 'EDNS', cases: ednsCases },
  { title: 'Size, truncation, TCP', cases: transportCases },
  { title: 'Zone semantics', cases: zoneCases },
  { title: 'Reverse names, special names, loading', cases: localCases },
  { title: 'Whole messages, octet by octet', cases: cookbookCases },
];

export const allCases: readonly ConformanceCase[] = sections.flatMap(({ cases }) => cases);
