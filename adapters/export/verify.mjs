// Checks an export of a Truetape log, offline, by Node 20.12 and nothing else.
//
//     node verify.mjs [FOLDER] --key 'NAME+ID+BASE64' [--witness KEY] [--checkpoint FILE]
//
// Get the keys from the log's operator on another way than this bundle, and this program from the
// project: who makes a bundle chooses what lies in it. Exit code 0: all that is said to be proven
// was proven; 1: something is not as it was, and the place is told; 2: it could not be looked at.
// It looks at the same things as verify.py, and was written apart from it.

import { isUtf8 } from "node:buffer";
import { createHash, createPublicKey, hash, verify as verifySignature } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const MANIFEST = "MANIFEST.sha256";
const FILES = [
  "README.txt", "events.csv", "events.jsonl", "events.parquet", "export.json", "index.html",
  "keys.txt", "names.jsonl", "policy.txt", "schema.json", "verify.mjs", "verify.py",
  "words.jsonl",
];
const FORMAT = 3;
const NAMES = ["name", "salt", "token"];
const TOKEN = /~[0-9A-Za-z_-]{86,}~/g;
const WORDS = ["fields", "position", "salt"];
const SEALED = ',"sealed":"';
const ENTRY = ["events", "last", "positions", "trader"];
const CELLS = ["position", "recorded_at", "name", "stream", "version", "actor", "body"];
const INDEXED = "log_index.recorded";
const PROOF = "c2sp.org/tlog-proof@v1";
const CSV_HEAD = CELLS.join(",") + "\n";
const HTML_ROWS = 5_000;
const HTML_HEAD = `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Truetape export</title>
<style>body{font:14px sans-serif}td{border-top:1px solid #ccc;padding:4px;vertical-align:top}
td:last-child{font-family:monospace;word-break:break-all}</style>
<h1>Truetape export</h1>
<p>The events of this bundle, the first 5,000 if there are more; all are in events.csv. This page
is a copy to read: what is proven is events.jsonl, by verify.py or verify.mjs.</p>
<table>
`;
const HTML_TAIL = "</table></html>\n";
const FAULTS_MAX = 20;
const PIECE = 1 << 22;

/** Something is not as it has to be; the text says what. */
class Wrong extends Error {}

const require_ = (isSo, words) => {
  if (!isSo) throw new Wrong(words);
};

// ---- words, keys and signed notes: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature ----

function textOf(raw) {
  require_(isUtf8(raw), "this is no UTF-8 text");
  return raw.toString("utf8");
}

function fromBase64(text) {
  const value = Buffer.from(String(text), "base64");
  require_(value.toString("base64") === text, "that is no base64, or has another spelling");
  return value;
}

function numberOf(text) {
  require_(/^(0|[1-9][0-9]{0,14})$/.test(text), `${JSON.stringify(text)} is no number`);
  return Number(text);
}

const sha256 = (raw) => hash("sha256", raw, "buffer");
const sha256Hex = (raw) => hash("sha256", raw, "hex");

/** The key that a text spells; type 1 signs notes, 4 and 6 cosign, 6 being ML-DSA-44. */
export function keyOf(text) {
  const [name, told, ...rest] = text.split("+");
  const raw = fromBase64(rest.join("+"));
  const known = [1, 4, 6].includes(raw[0]) && raw.length === (raw[0] === 6 ? 1313 : 33);
  require_(name && known, `${JSON.stringify(text.slice(0, 40))} is no key that is known here`);
  const id = sha256Hex(Buffer.concat([Buffer.from(name + "\n"), raw])).slice(0, 8);
  require_(id === told, `the id ${told} is not that of the key ${name}`);
  return { name, id, type: raw[0], public: raw.subarray(1) };
}

/** The checkpoint that these bytes are, to the last one. */
function noteOf(raw) {
  const whole = textOf(raw);
  const blank = whole.lastIndexOf("\n\n");
  const text = whole.slice(0, blank);
  const lines = text.split("\n");
  require_(blank >= 0 && lines.length === 3 && whole.endsWith("\n"), "this is no signed checkpoint");
  const signatures = new Map();
  for (const line of whole.slice(blank + 2, -1).split("\n")) {
    const [dash, name, blob, ...more] = line.split(" ");
    require_(dash === "\u2014" && blob !== undefined && !more.length, "a signature line is not of its form");
    const value = fromBase64(blob);
    const whose = `${name} ${value.toString("hex", 0, 4)}`;
    require_(!signatures.has(whose), "a key stands under the note twice");
    signatures.set(whose, value.subarray(4));
  }
  const root = fromBase64(lines[2]);
  require_(root.length === 32, "the root is no SHA-256");
  return { raw, text: text + "\n", signatures, origin: lines[0], size: numberOf(lines[1]), root };
}

// What stands before an Ed25519 key in its DER form.
const ED25519_DER = Buffer.from("302a300506032b6570032100", "hex");

/** When a key signed (0 if it does not say), null if it did not; ML-DSA-44 is looked at by form. */
function signed(note, key) {
  const blob = note.signatures.get(`${key.name} ${key.id}`);
  if (blob === undefined) return null;
  require_(blob.length === { 1: 64, 4: 8 + 64, 6: 8 + 2420 }[key.type], `the signature of ${key.name} is not of its form`);
  const at = key.type === 1 ? 0n : blob.readBigUInt64BE();
  if (key.type === 6) return at;
  const text = key.type === 1 ? note.text : `cosignature/v1\ntime ${at}\n${note.text}`;
  const der = createPublicKey({ key: Buffer.concat([ED25519_DER, key.public]), format: "der", type: "spki" });
  const holds = verifySignature(null, Buffer.from(text), der, key.type === 1 ? blob : blob.subarray(8));
  require_(holds, `the signature of ${key.name}+${key.id} does not hold`);
  return at;
}

// ---- the tree: RFC 6962, section 2.1 ----

const LEAF = Buffer.from([0]);

function leafHash(leaf) {
  return sha256(Buffer.concat([LEAF, leaf]));
}

const pair = Buffer.alloc(65, 1);

function nodeHash(left, right) {
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
}

class Tree {
  size = 0;
  #peaks = [];

  add(found) {
    this.size += 1;
    for (let full = this.size; full % 2 === 0; full /= 2) found = nodeHash(this.#peaks.pop(), found);
    this.#peaks.push(found);
  }

  get root() {
    if (!this.#peaks.length) return sha256(Buffer.alloc(0));
    return this.#peaks.reduceRight((root, peak) => nodeHash(peak, root));
  }
}

function splitOf(start, end) {
  let half = 1;
  while (half * 2 < end - start) half *= 2;
  return start + half;
}

/** Returns if the leaf with this hash is where it is said to be. */
function checkInclusion(index, size, leaf, proof, root) {
  require_(Number.isSafeInteger(index) && 0 <= index && index < size, `${size} events have no leaf ${index}`);
  const isLeft = [];
  for (let start = 0, end = size; end - start > 1; ) {
    const split = splitOf(start, end);
    isLeft.push(index >= split);
    [start, end] = index >= split ? [split, end] : [start, split];
  }
  const isWhole = proof.length === isLeft.length && proof.every((one) => one.length === 32);
  require_(isWhole, `no such proof can be of leaf ${index} among ${size}`);
  let found = leaf;
  for (const other of proof) found = isLeft.pop() ? nodeHash(other, found) : nodeHash(found, other);
  require_(found.equals(root), `the proof does not lead from leaf ${index} to the root of ${size} events`);
}

/** Returns if the tree of one checkpoint begins that of the other. */
function checkConsistency(older, newer, proof) {
  let start = 0;
  const isRight = [];
  for (let end = newer.size; end > older.size; ) {
    const split = splitOf(start, end);
    isRight.push(older.size <= split);
    [start, end] = older.size <= split ? [start, split] : [split, end];
  }
  const wanted = isRight.length + (start > 0 ? 1 : 0);
  require_(0 < older.size && older.size < newer.size && proof.length === wanted, `no such proof can be of ${older.size} events among ${newer.size}`);
  let first = start > 0 ? proof[0] : older.root;
  let second = first;
  for (const other of start > 0 ? proof.slice(1) : proof) {
    if (isRight.pop()) {
      second = nodeHash(second, other);
    } else {
      first = nodeHash(other, first);
      second = nodeHash(other, second);
    }
  }
  const holds = first.equals(older.root) && second.equals(newer.root);
  require_(holds, `the log of ${newer.size} events does not continue that of ${older.size}`);
}

// ---- what lies in a bundle ----

const noteName = (size) => `checkpoints/${String(size).padStart(12, "0")}.note`;
const proofName = (position) => `proofs/${String(position).padStart(12, "0")}.tlog-proof`;
const csvLine = (cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",") + "\n";
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
const htmlLine = (cells) =>
  `<tr>${cells.map((cell) => `<td>${cell.replace(/[&<>"']/g, (one) => ESCAPES[one])}</td>`).join("")}</tr>\n`;

/** The JSON object of exactly these members that a line is, in its one spelling. */
function objectOf(line, members) {
  const text = textOf(line);
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Wrong("the line is no JSON");
  }
  const isObject = found !== null && typeof found === "object" && !Array.isArray(found);
  require_(isObject && Object.keys(found).join() === members.join(), `this is no object of ${members.join(", ")}`);
  require_(JSON.stringify(found) + "\n" === text, "the line is not of its form");
  return found;
}

/** A value as RFC 8785 has it; a number is never a fraction here. */
const quoted = JSON.stringify;

/** The members of a line of events.jsonl, and the hash of the leaf that it comes to. */
function eventOf(line) {
  const text = textOf(line);
  let event;
  try {
    event = JSON.parse(text);
  } catch {
    throw new Wrong("the line is no event");
  }
  require_(typeof event?.body === "string", "the line is no event");
  const head = `{"actor":${quoted(event.actor)}`;
  const tail =
    `,"body_sha256":${quoted(event.body_sha256)},"causation":${quoted(event.causation)},"command_id":` +
    `${quoted(event.command_id)},"correlation":${quoted(event.correlation)},"event_id":` +
    `${quoted(event.event_id)},"leaf":${quoted(event.leaf)},"name":${quoted(event.name)},"position":` +
    `${quoted(event.position)},"recorded_at":${quoted(event.recorded_at)},"stream":${quoted(event.stream)},` +
    `"version":${quoted(event.version)}}`;
  require_(`${head},"body":${quoted(event.body)}${tail}\n` === text, "the line is not of its form");
  require_(sha256Hex(event.body) === event.body_sha256, "the body is another one than its hash says");
  return [event, sha256(`\0${head}${tail}`)];
}

function* linesOf(path) {
  const file = openSync(path, "r");
  try {
    let rest = Buffer.alloc(0);
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const count = readSync(file, piece, 0, PIECE, null);
      if (!count) break;
      const all = rest.length ? Buffer.concat([rest, piece.subarray(0, count)]) : piece.subarray(0, count);
      let from = 0;
      for (let end; (end = all.indexOf(10, from)) >= 0; from = end + 1) yield all.subarray(from, end + 1);
      rest = all.subarray(from);
    }
    if (rest.length) yield rest;
  } finally {
    closeSync(file);
  }
}

/** A file that is read from its beginning, in any lengths. */
class Reading {
  #file;
  #held = Buffer.alloc(0);

  constructor(path) {
    this.#file = openSync(path, "r");
  }

  take(length) {
    while (this.#held.length < length) {
      const piece = Buffer.allocUnsafe(PIECE);
      const count = readSync(this.#file, piece, 0, PIECE, null);
      if (!count) break;
      this.#held = Buffer.concat([this.#held, piece.subarray(0, count)]);
    }
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  close() {
    closeSync(this.#file);
  }
}

/** The files of a folder and those in it, by names with slashes, in order. */
function namesIn(folder) {
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, name));
  const files = paths.filter((path) => statSync(path).isFile());
  return files.map((path) => relative(folder, path).split(sep).join("/")).sort();
}

/** What the manifest of these files has to say. */
function manifestOf(folder) {
  const lines = [];
  for (const name of namesIn(folder)) {
    if (name === MANIFEST) continue;
    const hashed = createHash("sha256");
    const file = new Reading(join(folder, name));
    for (let piece; (piece = file.take(PIECE)).length; ) hashed.update(piece);
    file.close();
    lines.push(`${hashed.digest("hex")}  ${name}\n`);
  }
  return lines.join("");
}

/** A file that says again what events.jsonl says. */
class Copy {
  #reading; #place; #report; #line; #most;
  #rows = 0;
  #isSame = true;

  constructor(folder, name, report, line, most) {
    this.#reading = new Reading(join(folder, name));
    [this.#place, this.#report, this.#line, this.#most] = [name, report, line, most];
  }

  row(cells) {
    this.#rows += 1;
    if (this.#rows <= this.#most) this.expect(this.#line(cells));
  }

  expect(text, atEnd = 0) {
    if (!this.#isSame) return;
    const raw = Buffer.from(text);
    if (!this.#reading.take(raw.length + atEnd).equals(raw)) {
      this.#isSame = false;
      this.#report.fault(`${this.#place} row ${this.#rows}`, "not what events.jsonl says");
    }
  }

  close() {
    this.#reading.close();
  }
}

/** The names that are sealed in the events, as far as they are shown. */
class Names {
  closed = new Set();
  #report;
  #names = new Map();
  #met = new Set();

  constructor(folder, report) {
    this.#report = report;
    let number = 0;
    let before = "";
    for (const line of linesOf(join(folder, "names.jsonl"))) {
      number += 1;
      try {
        const { name, token } = Names.#told(line);
        require_(token > before, "the names are not in order, each once");
        this.#names.set(token, { name, number });
        before = token;
      } catch (why) {
        report.fault(`names.jsonl line ${number}`, why.message);
      }
    }
  }

  static #told(line) {
    const { name, salt, token } = objectOf(line, NAMES);
    require_(typeof token === "string" && token.replace(TOKEN, "") === "" && token !== "", "this is no sealed name");
    const digits = token.slice(1, -1).replaceAll("-", "+").replaceAll("_", "/");
    const sealed = fromBase64(digits.padEnd(Math.ceil(digits.length / 4) * 4, "="));
    const bare = fromBase64(salt);
    const isSo = bare.length === 16 && sha256(Buffer.concat([bare, Buffer.from(name)])).equals(sealed.subarray(16, 48));
    require_(isSo, `that is not the name that ${token.slice(0, 12)}... commits to`);
    return { name, token };
  }

  get shown() {
    return this.#names.size;
  }

  /** Puts the names where they are sealed in an event. */
  putInto(event) {
    event.actor = event.actor.replace(TOKEN, (token) => this.#name(token));
    if (event.body.includes("~")) event.body = event.body.replace(TOKEN, (token) => quoted(this.#name(token)).slice(1, -1));
  }

  #name(token) {
    const known = this.#names.get(token);
    (known === undefined ? this.closed : this.#met).add(token);
    return known === undefined ? token : known.name;
  }

  end() {
    for (const [token, { number }] of this.#names) {
      if (!this.#met.has(token)) this.#report.fault(`names.jsonl line ${number}`, "no event here has it sealed");
    }
  }
}

/** What was sealed in the events, as far as it is shown: each line belongs to one of them. */
class Words {
  shown = 0;
  closed = 0;
  #lines; #report; #line;
  #number = 0;
  #told = { position: 0 };

  constructor(folder, report) {
    this.#lines = linesOf(join(folder, "words.jsonl"));
    this.#report = report;
    this.#next();
  }

  #next() {
    const before = this.#told.position;
    this.#number += 1;
    this.#line = this.#lines.next().value;
    if (this.#line === undefined) return;
    try {
      this.#told = objectOf(this.#line, WORDS);
      require_(this.#told.position > before, `position ${this.#told.position} stands after ${before}`);
    } catch (why) {
      this.#report.fault(`words.jsonl line ${this.#number}`, why.message);
      this.#line = undefined;
    }
  }

  /** The event's body, with the words if they are shown and are those it commits to. */
  body(event) {
    let { body } = event;
    if (this.#line !== undefined && this.#told.position <= event.position) {
      try {
        body = this.#withWords(event);
        this.shown += 1;
      } catch (why) {
        this.#report.fault(`words.jsonl line ${this.#number}`, why.message);
      }
      this.#next();
    } else if (body.includes(SEALED)) {
      this.closed += 1;
    }
    return body;
  }

  #withWords({ position, body }) {
    const { fields, salt } = this.#told;
    require_(position === this.#told.position, `no event here has position ${this.#told.position}`);
    const begin = body.lastIndexOf(SEALED);
    require_(begin >= 0, "nothing is sealed in the body");
    const end = body.indexOf('"', begin + SEALED.length);
    const sealed = fromBase64(body.slice(begin + SEALED.length, end));
    const salted = Buffer.concat([fromBase64(salt), Buffer.from(fields)]);
    // Of another length than 16, some of the fields could be passed off as salt.
    const isSo = salted.length - Buffer.byteLength(fields) === 16 && sha256(salted).equals(sealed.subarray(29, 61));
    require_(isSo, `these are not the words that position ${position} commits to`);
    return `${body.slice(0, begin)},${fields.slice(1, -1)}${body.slice(end + 1)}`;
  }

  end() {
    if (this.#line !== undefined) {
      this.#report.fault(`words.jsonl line ${this.#number}`, `no event here has position ${this.#told.position}`);
    }
  }

  close() {
    this.#lines.return();
  }
}

/** What was found: faults with their places, what was proven, and what was not. */
class Report {
  faults = [];
  proven = [];
  unproven = [];

  fault(place, words) {
    this.faults.push(`${place}: ${words}`);
  }

  toString() {
    const more = this.faults.length - FAULTS_MAX;
    const faults = this.faults.slice(0, FAULTS_MAX).concat(more > 0 ? [`and ${more} more`] : []);
    const proven = faults.length ? ["nothing: see above"] : this.proven;
    const parts = [["NOT AS IT WAS", faults], ["PROVEN", proven], ["NOT PROVEN", this.unproven]];
    const told = ([head, lines]) => `${head}\n${lines.map((line) => `  - ${line}\n`).join("")}`;
    return parts.filter(([, lines]) => lines.length).map(told).join("\n");
  }
}

/** All events: the tree is made of them again; the stored hashes tell where something is wrong. */
class Whole {
  index = null;
  #tree = new Tree();
  #differ = [];
  #isBroken = false;
  #notes; #report; #stored;

  constructor(folder, notes, report) {
    this.#stored = new Reading(join(folder, "leaves.bin"));
    [this.#notes, this.#report] = [notes, report];
  }

  take(event, hashed) {
    const tree = this.#tree;
    require_(event.position === tree.size + 1, `position ${event.position} stands where ${tree.size + 1} belongs`);
    tree.add(hashed);
    if (!this.#stored.take(32).equals(hashed)) this.#differ.push(tree.size);
    const note = this.#notes.get(tree.size);
    if (note && !note.root.equals(tree.root)) {
      this.#isBroken = true;
      this.#report.fault(noteName(tree.size), "the events come to another root");
    }
    if (event.name === INDEXED) this.index = event;
  }

  end() {
    const last = Math.max(...this.#notes.keys());
    if (this.#tree.size !== last) this.#report.fault("events.jsonl", `${this.#tree.size} events, and the log had ${last}`);
    if (this.#stored.take(1).length) this.#report.fault("leaves.bin", "there are more hashes than events");
    for (const position of this.#differ.slice(0, FAULTS_MAX)) {
      if (this.#isBroken) this.#report.fault(`events.jsonl line ${position}`, "not the event that leaves.bin is of");
      else this.#report.fault(`leaves.bin leaf ${position - 1}`, "not the hash of the event");
    }
  }

  close() {
    this.#stored.close();
  }
}

/** An export in a folder, looked at once. */
class Bundle {
  report = new Report();
  notes = new Map();
  positions = [];
  names = [];
  index = null;
  words = null;
  sealed = null;
  until = 0;
  traders = 0;
  #known = new Set([MANIFEST, ...FILES]);

  constructor(folder, keys, witnesses) {
    Object.assign(this, { folder, keys, witnesses });
  }

  #read(name) {
    return readFileSync(join(this.folder, name));
  }

  #step(place, look) {
    try {
      look();
    } catch (why) {
      this.report.fault(place, why.message);
    }
  }

  check(kept, cosigned) {
    this.#step(MANIFEST, () => this.#manifest());
    for (const name of readdirSync(join(this.folder, "checkpoints")).sort()) {
      this.#step(`checkpoints/${name}`, () => this.#checkpoint(`checkpoints/${name}`));
    }
    this.#step("export.json", () => this.#export(kept, cosigned));
    return this.report;
  }

  #manifest() {
    const [listed, found] = [textOf(this.#read(MANIFEST)), manifestOf(this.folder)];
    const [told, here] = [new Set(listed.split("\n")), new Set(found.split("\n"))];
    for (const line of new Set([...told, ...here])) {
      if (told.has(line) === here.has(line)) continue;
      const words = told.has(line) ? `${MANIFEST} names` : `here is, not so in ${MANIFEST},`;
      this.report.fault(line.slice(66) || MANIFEST, `${words} a file of SHA-256 ${line.slice(0, 64)}`);
    }
    require_(listed === found || this.report.faults.length, "it does not name each file once and in order");
  }

  #checkpoint(name) {
    const note = this.#believed(this.#read(name));
    require_(name === noteName(note.size), `this is the checkpoint of ${note.size} events, which is another one`);
    this.notes.set(note.size, note);
    this.#known.add(name);
  }

  #believed(raw) {
    const note = noteOf(raw);
    for (const key of this.keys) {
      const isSigned = note.origin === key.name && signed(note, key) !== null;
      require_(isSigned, `the log's key ${key.name}+${key.id} did not sign it`);
    }
    for (const key of this.witnesses) signed(note, key);
    return note;
  }

  #export(kept, cosigned) {
    const told = objectOf(this.#read("export.json"), ["checkpoint", "format", "subject"]);
    const { subject } = told;
    const note = this.notes.get(told.checkpoint);
    const isLast = note !== undefined && note.size === Math.max(...this.notes.keys()) && told.format === FORMAT;
    require_(isLast, "its checkpoint is not the last that is here and holds");
    for (const key of cosigned) {
      if (signed(note, key) === null) this.report.fault(noteName(note.size), `${key.name} did not cosign it`);
    }
    for (const path of kept) this.#step(path, () => this.#kept(path, note, subject));
    this.#step("events.jsonl", () => this.#events(note, subject));
    if (subject === null) {
      this.#step("index/entries.jsonl", () => this.#entries());
    } else {
      this.#step("consistency", () => this.#consistency());
      this.#step("index/entry.json", () => this.#completeness(note, subject));
    }
    this.#strangers(subject);
    tell(this, note, subject);
  }

  #strangers(subject) {
    const ofIndex = this.index === null ? [] : ["index/entries.jsonl"];
    const more = subject === null ? ["leaves.bin", ...ofIndex] : ["index/event.jsonl", "index/entry.json"];
    for (const name of more) this.#known.add(name);
    for (const name of namesIn(this.folder)) {
      if (!this.#known.has(name)) this.report.fault(name, "it belongs to nothing that is here");
    }
  }

  #kept(path, last, subject) {
    const note = this.#believed(readFileSync(path));
    const known = this.notes.get(note.size);
    if (known !== undefined) {
      require_(known.root.equals(note.root), `this bundle has another root for ${note.size} events`);
    } else if (subject === null && note.size <= last.size) {
      this.notes.set(note.size, note);
    } else {
      this.report.unproven.push(`that the checkpoint in ${path} is of the same history: nothing here speaks of ${told(note.size)} events.`);
    }
  }

  #events(last, subject) {
    const open = [];
    const opened = (one) => (open.push(one), one);
    try {
      const whole = subject === null ? opened(new Whole(this.folder, this.notes, this.report)) : null;
      const table = opened(new Copy(this.folder, "events.csv", this.report, csvLine, Infinity));
      const page = opened(new Copy(this.folder, "index.html", this.report, htmlLine, HTML_ROWS));
      const words = (this.words = opened(new Words(this.folder, this.report)));
      const sealed = (this.sealed = new Names(this.folder, this.report));
      table.expect(CSV_HEAD);
      page.expect(HTML_HEAD);
      let count = 0;
      for (const line of linesOf(join(this.folder, "events.jsonl"))) {
        count += 1;
        let event, hashed;
        try {
          [event, hashed] = eventOf(line);
          if (whole) whole.take(event, hashed);
          else this.#proven(event, hashed, last);
        } catch (why) {
          this.report.fault(`events.jsonl line ${count}`, why.message);
          if (whole) return;
          continue;
        }
        sealed.putInto(event);
        event.body = words.body(event);
        const cells = CELLS.map((name) => String(event[name]));
        table.row(cells);
        page.row(cells);
        if (event.stream === subject && event.name.startsWith("trader.re")) {
          const { name } = JSON.parse(event.body);
          if (name) this.names.push(name);
        }
      }
      words.end();
      sealed.end();
      table.expect("", 1);
      page.expect(HTML_TAIL, 1);
      if (whole) {
        whole.end();
        this.index = whole.index;
      }
    } finally {
      for (const one of open) one.close();
    }
  }

  #proven(event, hashed, last) {
    const { position } = event;
    const before = this.positions.at(-1) ?? 0;
    require_(position > before, `position ${position} stands after ${before}`);
    this.positions.push(position);
    this.#included(position, hashed, last);
  }

  #included(position, hashed, last) {
    const name = proofName(position);
    const text = textOf(this.#read(name));
    this.#known.add(name);
    const blank = text.indexOf("\n\n");
    const [header, index, ...hashes] = text.slice(0, blank).split("\n");
    const isOfIt = blank > 0 && header === PROOF && index === `index ${position - 1}`;
    require_(isOfIt, `${name} is not the proof of position ${position}`);
    const isByIt = Buffer.from(text.slice(blank + 2)).equals(last.raw);
    require_(isByIt, `${name} is by another checkpoint than ${noteName(last.size)}`);
    try {
      checkInclusion(position - 1, last.size, hashed, hashes.map(fromBase64), last.root);
    } catch (why) {
      throw new Wrong(`${name}, position ${position}: ${why.message}`);
    }
  }

  #consistency() {
    const sizes = [...this.notes.keys()].sort((one, two) => one - two);
    sizes.slice(1).forEach((newer, at) => {
      const name = `consistency/${sizes[at]}-${newer}.txt`;
      this.#known.add(name);
      this.#step(name, () => {
        const text = textOf(this.#read(name));
        const proof = text.split("\n").slice(0, -1).map(fromBase64);
        checkConsistency(this.notes.get(sizes[at]), this.notes.get(newer), proof);
      });
    });
  }

  #completeness(last, subject) {
    const [event, hashed] = eventOf(this.#read("index/event.jsonl"));
    this.index = event;
    require_(event.name === INDEXED, `index/event.jsonl holds no ${INDEXED}`);
    this.#included(event.position, hashed, last);
    const body = JSON.parse(event.body);
    const { entry, hashes, index } = objectOf(this.#read("index/entry.json"), ["entry", "hashes", "index"]);
    const leaf = Buffer.from(JSON.stringify(entry));
    objectOf(Buffer.concat([leaf, Buffer.from("\n")]), ENTRY);
    checkInclusion(index, body.traders, leafHash(leaf), hashes.map(fromBase64), Buffer.from(body.root, "hex"));
    [this.until, this.traders] = [body.until, body.traders];
    const mine = this.positions.filter((position) => position <= this.until);
    require_(entry.trader === subject, `this is the entry of ${entry.trader}`);
    const isCounted = mine.length === entry.events && (mine.at(-1) ?? 0) === entry.last;
    require_(isCounted, `the log counts ${entry.events} events, the last at ${entry.last}; here are ${mine.length} up to position ${this.until}`);
    const listed = sha256Hex(mine.map((position) => `${position}\n`).join(""));
    require_(listed === entry.positions, `of the ${mine.length} events up to ${this.until}, some are not the trader's`);
  }

  #entries() {
    if (this.index === null) return;
    const body = JSON.parse(this.index.body);
    const tree = new Tree();
    let before = "";
    for (const line of linesOf(join(this.folder, "index/entries.jsonl"))) {
      const entry = objectOf(line, ENTRY);
      require_(entry.trader > before, `the entry of ${entry.trader} stands after ${before}`);
      before = entry.trader;
      tree.add(leafHash(line.subarray(0, -1)));
    }
    const isSame = tree.size === body.traders && tree.root.toString("hex") === body.root;
    require_(isSame, `these are not the entries of the index at ${this.index.position}`);
    [this.until, this.traders] = [body.until, body.traders];
  }
}

const told = (count) => count.toLocaleString("en-US");

/** Says in words what was proven of a bundle in which nothing is wrong, and what was not. */
function tell(bundle, last, subject) {
  const { proven, unproven } = bundle.report;
  const sizes = [...bundle.notes.keys()];
  const at = `the checkpoint of ${told(last.size)} events of the log ${last.origin}`;
  if (subject === null) {
    proven.push(`events.jsonl holds every event of ${at}: none is changed, missing or moved.`);
  } else {
    const count = bundle.positions.length;
    const early = bundle.positions.filter((position) => position <= bundle.until).length;
    proven.push(`The ${told(count)} events of events.jsonl are in ${at}, unchanged.`);
    proven.push(
      `They are the whole story of ${bundle.names.at(-1) ?? "a trader"} (${subject}): up to position ` +
        `${told(bundle.until)} the log's own index counts ${told(early)} events, and exactly these are here.`,
    );
    if (early < count) {
      unproven.push(`that the ${told(count - early)} events after position ${told(bundle.until)} are all: no index has counted them yet.`);
    }
    unproven.push("that the index counts by the rules: an export of everything shows it.");
  }
  if (sizes.length > 1) proven.push(`${told(sizes.length)} checkpoints from ${told(Math.min(...sizes))} events on are one history.`);
  if (subject === null && bundle.index !== null) {
    proven.push(
      `index/entries.jsonl counts ${told(bundle.traders)} traders' events up to position ${told(bundle.until)} ` +
        "as the log recorded it; by which rules, this did not look at.",
    );
  }
  for (const key of [...bundle.keys, ...bundle.witnesses]) {
    const when = signed(last, key);
    if (when === null || key.type === 6) continue;
    const clock = when ? ` at ${moment(when)} by its clock` : "";
    proven.push(`${key.name}+${key.id} signed that checkpoint (Ed25519)${clock}.`);
  }
  if (bundle.words?.shown) proven.push(`words.jsonl: what ${told(bundle.words.shown)} of these events had sealed.`);
  if (bundle.sealed?.shown) proven.push(`names.jsonl: the ${told(bundle.sealed.shown)} names that these events had sealed.`);
  if (bundle.sealed?.closed.size) unproven.push(`whom ${told(bundle.sealed.closed.size)} sealed names mean: it is not shown.`);
  if (bundle.words?.closed) unproven.push(`what ${told(bundle.words.closed)} events have sealed: it is not shown.`);
  proven.push("events.csv and index.html say what events.jsonl says.");
  unproven.push("that what was recorded is true; only that it was recorded so, in this order.");
  unproven.push("ML-DSA-44 signatures: they were not checked, which takes more than this has.");
  unproven.push(
    "events.parquet, schema.json, README.txt and the verifiers themselves: they are " +
      `the files that ${MANIFEST} names, which nobody signed.`,
  );
}

function moment(when) {
  const at = new Date(Number(when) * 1000);
  if (Number.isNaN(at.getTime())) throw new Wrong("a witness signed at no moment that there is");
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Looks at a bundle; keys that are not given are taken from inside it, and the report says so. */
export function verify(folder, keys = [], witnesses = [], kept = []) {
  const [given, cosigned] = [keys.map(keyOf), witnesses.map(keyOf)];
  let report = new Report();
  try {
    const linesIn = (name) => textOf(readFileSync(join(folder, name))).split("\n").filter(Boolean);
    const inside = linesIn("keys.txt").map(keyOf);
    const known = linesIn("policy.txt").filter((line) => line.startsWith("witness ")).map((line) => keyOf(line.split(" ")[2] ?? ""));
    const bundle = new Bundle(folder, given.length ? given : inside, cosigned.length ? cosigned : known);
    const isChecked = bundle.keys.some((key) => key.type === 1);
    require_(isChecked, "there is no Ed25519 key of the log, and no other kind is checked here");
    report = bundle.check(kept, cosigned);
  } catch (why) {
    report.fault("keys.txt or policy.txt", why.message);
  }
  if (!given.length) {
    report.unproven.unshift(
      "who made this: the keys came with the bundle, and whoever makes a bundle can make " +
        "keys. Get the log's keys from its operator and give them with --key.",
    );
  }
  return report;
}

function main() {
  const several = { type: "string", multiple: true, default: [] };
  let report;
  try {
    const options = { key: several, witness: several, checkpoint: several };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const folder = positionals[0] ?? fileURLToPath(new URL(".", import.meta.url));
    require_(existsSync(folder) && statSync(folder).isDirectory(), `${folder} is no folder`);
    report = verify(folder, values.key, values.witness, values.checkpoint);
  } catch (why) {
    process.stderr.write(`verify.mjs: ${why.message}\n`);
    process.exitCode = 2;
    return;
  }
  process.stdout.write(String(report));
  process.exitCode = report.faults.length ? 1 : 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
