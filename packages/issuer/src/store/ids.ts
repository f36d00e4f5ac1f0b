import { randomFillSync } from 'node:crypto';

/** Makes an id such as `usr_0193…`: a prefix that says what it names, and a UUID version 7 (RFC 9562), so ids sort by age. */
export function newId(prefix: string, now: number = Date.now()): string {
  const bytes = randomFillSync(Buffer.alloc(16));
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return `${prefix}_${bytes.toString('hex')}`;
}
