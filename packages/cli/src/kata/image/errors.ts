/*
 * Errors of `kubefence kata image`: stable codes, what they mean, what to do when the message does not know better. Part
 * of docs/reference/errors.md.
 */

export const kataImageErrors = {
  KF_KATA_IMAGE_TOOL: {
    meaning: "A program that reads or writes images is missing or too old.",
    action: "install e2fsprogs and fdisk (Debian's names), 1.46 and 2.36 or later",
  },
  KF_KATA_IMAGE_READ: {
    meaning: "The image, or a file that is to go into it, cannot be read.",
    action: "check path and permissions",
  },
  KF_KATA_IMAGE_LAYOUT: {
    meaning: "The image is no raw disk image whose first partition is an ext4 file system.",
    action: "name the raw .image of Kata's static release; erofs and initrd images cannot be changed in place",
  },
  KF_KATA_IMAGE_FILESYSTEM: {
    meaning: "The image's file system is damaged, or was not unmounted cleanly.",
    action: "take a fresh copy of the image from Kata's release",
  },
  KF_KATA_IMAGE_NO_POLICY: {
    meaning: "The image has no default policy, so its agent knows none, and ours would do nothing.",
    action: "use an image whose agent has policy support, such as kata-ubuntu-noble-confidential.image",
  },
  KF_KATA_IMAGE_PATH: {
    meaning: "A file cannot stand at that path of the image.",
    action: "name an absolute path whose directories, as far as they exist, are directories",
  },
  KF_KATA_IMAGE_VERITY: {
    meaning: "The given kernel_verity_params are malformed, or not those of this image.",
    action: "copy kernel_verity_params from the Kata configuration that uses this very image",
  },
  KF_KATA_IMAGE_WRITE: {
    meaning: "The changed image could not be written, or does not hold what was put into it. Nothing was replaced.",
    action: "make room: in the image's file system if the message says so, else on the disk",
  },
} as const;

/** Why no image is written. */
export class KataImageError extends Error {
  override readonly name: string = "KataImageError";
  readonly code: keyof typeof kataImageErrors;

  /** `where` names the file at fault. */
  constructor(code: keyof typeof kataImageErrors, where: string, what: string, options?: ErrorOptions) {
    super(`${code}: ${where}: ${what}; ${kataImageErrors[code].action}`, options);
    this.code = code;
  }
}
