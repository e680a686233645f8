/**
 * Power cuts. A database stands on a file system of its own, which is an image (the disk) on another file system (the
 * bay). Freezing the bay stops every write to the disk at one moment; what has reached the disk by then is what a power
 * cut would leave, while pages that nobody has synced exist only in the memory of the inner file system and are lost.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Two bays, of which one holds the disk in use and the other takes its copy. Mounts go with the mount namespace. */
export class Disks {
  readonly #folder: string;
  #bay = 0;

  /** Makes them with a disk of that size, which takes room only as it is written to. */
  constructor(folder: string, diskMegabytes: number) {
    this.#folder = folder;
    for (const bay of [0, 1]) {
      mkdirSync(this.#path(bay, 'bay'), { recursive: true });
      mkdirSync(this.#path(bay, 'disk'));
      const image = this.#path(bay, 'bay.img');
      makeFileSystem(image, Math.ceil(diskMegabytes * 1.2) + 64);
      run('mount', '-o', 'loop', image, this.#path(bay, 'bay'));
    }
    makeFileSystem(this.#image(0), diskMegabytes);
    this.#mount(0);
  }

  /** Where the disk in use is mounted. */
  get current(): string {
    return this.#path(this.#bay, 'disk');
  }

  /** Where the copy of the last cut can be looked at. */
  get copy(): string {
    return this.#path(1 - this.#bay, 'disk');
  }

  /** Cuts: copies what is on the disk at one moment, in which `onFrozen` is called, and mounts the copy. */
  cut(onFrozen: () => void): void {
    const bay = this.#path(this.#bay, 'bay');
    run('fsfreeze', '--freeze', bay);
    try {
      onFrozen();
      run('cp', '--sparse=always', this.#image(this.#bay), this.#image(1 - this.#bay));
    } finally {
      run('fsfreeze', '--unfreeze', bay);
    }
    this.#mount(1 - this.#bay);
  }

  /** Gives the copy up again. */
  dropCopy(): void {
    this.#unmount(1 - this.#bay);
  }

  /** Goes on with the copy, and gives up the disk that was in use. */
  adoptCopy(): void {
    this.#unmount(this.#bay);
    this.#bay = 1 - this.#bay;
  }

  #mount(bay: number): void {
    run('mount', '-o', 'loop', this.#image(bay), this.#path(bay, 'disk'));
  }

  #unmount(bay: number): void {
    run('umount', this.#path(bay, 'disk'));
    run('rm', this.#image(bay));
  }

  #image(bay: number): string {
    return join(this.#path(bay, 'bay'), 'disk.img');
  }

  #path(bay: number, name: string): string {
    return join(this.#folder, String(bay), name);
  }
}

/** A sparse image with an ext4 file system. */
function makeFileSystem(image: string, megabytes: number): void {
  run('truncate', '-s', `${megabytes}M`, image);
  run('mkfs.ext4', '-q', '-N', '256', '-E', 'lazy_itable_init=1,nodiscard', image);
}

function run(file: string, ...args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
