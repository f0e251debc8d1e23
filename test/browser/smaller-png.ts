import { crc32, deflateSync, inflateSync } from "node:zlib";

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A chunk of a PNG file: its type and its data. */
type Chunk = readonly [type: string, data: Buffer];

/**
 * Writes a screenshot with a palette of its 256 most frequent colours; a page has few others, at the edges of letters.
 * Only for what Chromium writes: 8 bits a channel, RGB or opaque RGBA, not interlaced.
 */
export function smallerPng(png: Buffer): Buffer {
  const chunks = readChunks(png);
  const header = Buffer.from(dataOf(chunks, "IHDR"));
  const width = header.readUInt32BE(0);
  const channels = header[9] === 6 ? 4 : 3;
  const pixels = unfilter(inflateSync(dataOf(chunks, "IDAT")), width * channels, channels);
  const colours = Array.from({ length: pixels.length / channels }, (_, at) =>
    pixels.readUIntBE(at * channels, 3),
  );
  const palette = mostFrequent(colours, 256);
  const indexOf = nearestIn(palette);
  const rows = Buffer.alloc(colours.length + colours.length / width);
  for (const [at, colour] of colours.entries()) {
    rows[at + Math.floor(at / width) + 1] = indexOf(colour);
  }
  header[9] = 3;
  return writePng([
    ["IHDR", header],
    ["PLTE", Buffer.concat(palette.map((colour) => Buffer.from([colour >> 16, colour >> 8, colour])))],
    ["IDAT", deflateSync(rows, { level: 9, memLevel: 9 })],
  ]);
}

function mostFrequent(colours: readonly number[], most: number): readonly number[] {
  const counts = new Map<number, number>();
  for (const colour of colours) {
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([colour]) => colour);
}

/** Returns a function that returns the index of the nearest colour. */
function nearestIn(palette: readonly number[]): (colour: number) => number {
  const known = new Map(palette.map((colour, index) => [colour, index]));
  return (colour) => {
    let nearest = known.get(colour);
    if (nearest === undefined) {
      const distances = palette.map((each) => distance(each, colour));
      nearest = distances.indexOf(Math.min(...distances));
      known.set(colour, nearest);
    }
    return nearest;
  };
}

function distance(a: number, b: number): number {
  return [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 0xff) - ((b >> shift) & 0xff)) ** 2, 0);
}

function readChunks(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    chunks.push([png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return chunks;
}

function dataOf(chunks: readonly Chunk[], type: string): Buffer {
  return Buffer.concat(chunks.filter(([name]) => name === type).map(([, data]) => data));
}

function writePng(chunks: readonly Chunk[]): Buffer {
  const written = [...chunks, ["IEND", Buffer.alloc(0)] as const].map(([type, data]) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  });
  return Buffer.concat([signature, ...written]);
}

/** Returns the pixels of rows that begin with a filter type. */
function unfilter(rows: Buffer, rowBytes: number, pixelBytes: number): Buffer {
  const height = rows.length / (rowBytes + 1);
  const pixels = Buffer.alloc(height * rowBytes);
  for (let row = 0; row < height; row++) {
    const type = rows[row * (rowBytes + 1)] as number;
    for (let column = 0; column < rowBytes; column++) {
      const at = row * rowBytes + column;
      const predicted = prediction(type, pixels, { at, column, row, rowBytes, pixelBytes });
      pixels[at] = ((rows[row * (rowBytes + 1) + 1 + column] as number) + predicted) & 0xff;
    }
  }
  return pixels;
}

type Place = { at: number; column: number; row: number; rowBytes: number; pixelBytes: number };

/** Returns what a filter predicts for a byte (PNG specification, 9.2). */
function prediction(type: number, pixels: Buffer, { at, column, row, rowBytes, pixelBytes }: Place): number {
  const left = column < pixelBytes ? 0 : (pixels[at - pixelBytes] as number);
  const above = row === 0 ? 0 : (pixels[at - rowBytes] as number);
  switch (type) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4: {
      const corner = column < pixelBytes || row === 0 ? 0 : (pixels[at - rowBytes - pixelBytes] as number);
      const sum = left + above - corner;
      const [a, b, c] = [Math.abs(sum - left), Math.abs(sum - above), Math.abs(sum - corner)];
      return a <= b && a <= c ? left : b <= c ? above : corner;
    }
    default:
      return 0;
  }
}
