import { GoStruct, type Value } from '../../template/value.js';

/** The value of a field of a record. */
export function fieldOf(record: Value, name: string): Value {
  return record instanceof GoStruct ? record.values[record.type.fields?.get(name) ?? -1] : undefined;
}
