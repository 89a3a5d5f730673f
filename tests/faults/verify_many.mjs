// Verifies one bundle after the other: a line of JSON in, a line of JSON out.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { verify } = await import(pathToFileURL(process.argv[2]));
for await (const line of createInterface({ input: process.stdin })) {
  const { folder, keys, witnesses } = JSON.parse(line);
  process.stdout.write(JSON.stringify(verify(folder, keys, witnesses).faults) + "\n");
}
