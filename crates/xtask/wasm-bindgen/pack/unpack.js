// What the page's script does with a packed program: it puts it together again. pack.mjs says why and how one is packed.

/** The name of the section that stands in place of the one of code: `S`, for streams. */
export const PACKED = 0x53;
/** The number of the section of code. */
export const CODE = 10;
/** The stream of what is done. Those before it are of constants, by what is done with them: the next operation. */
export const OPERATIONS = 256;
const [LOCALS, LOCAL, ALIGNMENT, OFFSET, BLOCK, DEPTH, GLOBAL, LONG, BULK, REST] = [257, 258, 259, 260, 261, 262, 263, 264, 265, 266];

/**
 * Goes through the code of one function. `byte` and `number` take the next of a stream, put it where it belongs and
 * return it; `next` tells which operation follows. The numbers are those of the WebAssembly specification, 5.4.
 */
export function transcribe(byte, number, next) {
  const numbers = (stream, count) => {
    while (count-- > 0) number(stream);
  };
  numbers(LOCALS, 2 * number(LOCALS));
  for (let depth = 1; depth > 0; ) {
    const operation = byte(OPERATIONS);
    if (operation === 0x0b) {
      depth--;
    } else if (operation >= 0x02 && operation <= 0x04) {
      depth++;
      number(BLOCK);
    } else if (operation === 0x0c || operation === 0x0d) {
      number(DEPTH);
    } else if (operation === 0x0e) {
      numbers(REST, number(REST) + 1);
    } else if (operation === 0x10) {
      // What is called says much of what is done next: it stays among the operations.
      number(OPERATIONS);
    } else if (operation >= 0x20 && operation <= 0x22) {
      number(LOCAL);
    } else if (operation >= 0x28 && operation <= 0x3e) {
      number(ALIGNMENT);
      number(OFFSET);
    } else if (operation === 0x41) {
      number(next());
    } else if (operation === 0x42) {
      number(LONG);
    } else if (operation === 0x43 || operation === 0x44) {
      for (let left = operation === 0x43 ? 4 : 8; left > 0; left--) byte(REST);
    } else if (operation === 0x11) {
      numbers(REST, 2);
    } else if (operation === 0xfc) {
      const more = number(BULK);
      numbers(BULK, more < 8 ? 0 : 2 - (more % 2));
    } else if (operation === 0x23 || operation === 0x24) {
      number(GLOBAL);
    } else if (operation === 0x25 || operation === 0x26 || operation === 0x3f || operation === 0x40 || operation === 0xd0) {
      number(REST);
    }
  }
}

/** The program that `file` was made of; `file` itself if it is not packed. */
export function unpack(file) {
  // Behind what every program begins with.
  const head = { at: 8 };
  while (head.at < file.length) {
    const start = head.at;
    const id = read(file, head);
    const end = read(file, head) + head.at;
    if (id === 0 && file[head.at] === 1 && file[head.at + 1] === PACKED) {
      head.at += 2;
      const code = unpackCode(file, head);
      const program = new Uint8Array(start + code.length + file.length - end);
      program.set(file.subarray(0, start));
      program.set(code, start);
      program.set(file.subarray(end), start + code.length);
      return program;
    }
    head.at = end;
  }
  return file;
}

/** The section of code. Its head says how long it is, how many functions it has, and which streams there are. */
function unpackCode(file, head) {
  const content = read(file, head);
  // With the section's own number and length before it, and room for the length of the last function.
  const code = new Uint8Array(content + 11);
  let end = 0;
  const put = (byte) => {
    code[end++] = byte;
  };
  const putNumber = (value) => {
    for (; value > 127; value >>= 7) put((value & 127) | 128);
    put(value);
  };
  put(CODE);
  putNumber(content);
  const functions = read(file, head);
  putNumber(functions);
  const streams = [];
  for (let left = read(file, head); left > 0; left--) streams[read(file, head)] = { length: read(file, head) };
  streams.forEach((stream) => {
    stream.at = head.at;
    head.at += stream.length;
  });
  const byte = (stream) => {
    const byte = file[streams[stream].at++];
    put(byte);
    return byte;
  };
  const number = (stream) => read(file, streams[stream], put);
  const next = () => file[streams[OPERATIONS].at];
  for (let left = functions; left > 0; left--) {
    // How long it is stands before it, and is known behind it.
    const room = end;
    end += 5;
    transcribe(byte, number, next);
    const [start, length] = [room + 5, end - room - 5];
    end = room;
    putNumber(length);
    code.copyWithin(end, start, start + length);
    end += length;
  }
  return code.subarray(0, end);
}

/** Takes a number of `stream`, byte by byte. */
export function read(file, stream, put = () => {}) {
  for (let value = 0, shift = 0; ; shift += 7) {
    const byte = file[stream.at++];
    put(byte);
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
}
