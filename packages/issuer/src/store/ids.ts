import { hash, randomFillSync } from 'node:crypto';

/** Makes an id such as `usr_0193…`: a prefix that says what it names, and a UUID version 7 (RFC 9562), so ids sort by age. */
export function newId(prefix: string, now: number = Date.now()): string {
  const bytes = randomFillSync(Buffer.alloc(16));
  bytes.writeUIntBE(now, 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  return `${prefix}_${bytes.toString('hex')}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An id as a UUID, always the same one: itself where it is one, the one that `newId` made it of, else one of version 8 (RFC 9562). */
export function uuidOf(id: string): string {
  if (UUID.test(id)) return id;
  const made = /^[a-z]+_([0-9a-f]{32})$/.exec(id)?.[1];
  return dashed(made ?? versioned(hash('sha256', `safeconduct id|${id}`, 'hex')));
}

const versioned = (hex: string): string => `${hex.slice(0, 12)}8${hex.slice(13, 16)}8${hex.slice(17, 32)}`;

const dashed = (hex: string): string => [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
