/** Of `node:fs/promises` what we use: that module brings readline and all of streams along, a millisecond of every start. */
import * as fs from "node:fs";
import { promisify } from "node:util";

export const lstat: typeof fs.lstat.__promisify__ = promisify(fs.lstat);
export const mkdir: typeof fs.mkdir.__promisify__ = promisify(fs.mkdir);
export const readdir: typeof fs.readdir.__promisify__ = promisify(fs.readdir);
export const rename: typeof fs.rename.__promisify__ = promisify(fs.rename);
export const rm: typeof fs.rm.__promisify__ = promisify(fs.rm);
export const rmdir: typeof fs.rmdir.__promisify__ = promisify(fs.rmdir);
export const unlink: typeof fs.unlink.__promisify__ = promisify(fs.unlink);
export const writeFile: typeof fs.writeFile.__promisify__ = promisify(fs.writeFile);
