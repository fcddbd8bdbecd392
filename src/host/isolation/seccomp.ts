/**
 * A system call filter as the kernel takes it (classic BPF, `struct sock_filter`), made without native code. It lets
 * through what is not named here: the box's name spaces do the confining, and this keeps programs away from parts of the
 * kernel that no build needs and that were the way out of boxes before.
 */
const BPF = { load: 0x20, equal: 0x15, atLeast: 0x35, and: 0x54, answer: 0x06 } as const;
const ALLOW = 0x7fff_0000;
const KILL = 0x8000_0000;
const EPERM = 1;
const ENOSYS = 38;
const errno = (code: number) => 0x0005_0000 | code;

/** Offsets in `struct seccomp_data`. Arguments are 64 bits, low half first on both architectures. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number) => 16 + index * 8;

const CLONE_NEWUSER = 0x1000_0000;
const ioctls = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };
/** Unix, IPv4, IPv6 and netlink, which lists the interfaces; all others lead around the network name space or nowhere. */
const socketFamilies = [1, 2, 10, 16];

/** System calls by the kernel's names. */
type Calls = Readonly<Record<string, number>>;

interface Architecture {
  readonly audit: number;
  readonly socket: number;
  readonly ioctl: number;
  readonly clone: number;
  readonly clone3: number;
  readonly unshare: number;
  readonly setns: number;
  /** x86-64 has a second numbering of its calls from here on. */
  readonly limit?: number;
  readonly refused: Calls;
  /** What only a sandbox inside the box would call: mounts, roots, host names. */
  readonly namespaced: Calls;
}

/**
 * Refused on both: kernel keys, BPF, performance counters, user-space page faults, io_uring, file handles, modules,
 * other kernels, clocks, swap, quotas, reboots, ports.
 */
const architectures: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000_003e,
    socket: 41,
    ioctl: 16,
    clone: 56,
    clone3: 435,
    unshare: 272,
    setns: 308,
    limit: 0x4000_0000,
    refused: {
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      bpf: 321,
      perf_event_open: 298,
      userfaultfd: 323,
      io_uring_setup: 425,
      io_uring_enter: 426,
      io_uring_register: 427,
      name_to_handle_at: 303,
      open_by_handle_at: 304,
      fanotify_init: 300,
      init_module: 175,
      finit_module: 313,
      delete_module: 176,
      kexec_load: 246,
      kexec_file_load: 320,
      settimeofday: 164,
      clock_settime: 227,
      adjtimex: 159,
      clock_adjtime: 305,
      swapon: 167,
      swapoff: 168,
      quotactl: 179,
      quotactl_fd: 443,
      reboot: 169,
      acct: 163,
      iopl: 172,
      ioperm: 173,
      sysfs: 139,
      uselib: 134,
      nfsservctl: 180,
      vhangup: 153,
    },
    namespaced: {
      mount: 165,
      umount2: 166,
      pivot_root: 155,
      open_tree: 428,
      move_mount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      fspick: 433,
      mount_setattr: 442,
      sethostname: 170,
      setdomainname: 171,
    },
  },
  arm64: {
    audit: 0xc000_00b7,
    socket: 198,
    ioctl: 29,
    clone: 220,
    clone3: 435,
    unshare: 97,
    setns: 268,
    refused: {
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      bpf: 280,
      perf_event_open: 241,
      userfaultfd: 282,
      io_uring_setup: 425,
      io_uring_enter: 426,
      io_uring_register: 427,
      name_to_handle_at: 264,
      open_by_handle_at: 265,
      fanotify_init: 262,
      init_module: 105,
      finit_module: 273,
      delete_module: 106,
      kexec_load: 104,
      kexec_file_load: 294,
      settimeofday: 170,
      clock_settime: 112,
      adjtimex: 171,
      clock_adjtime: 266,
      swapon: 224,
      swapoff: 225,
      quotactl: 60,
      quotactl_fd: 443,
      reboot: 142,
      acct: 89,
      nfsservctl: 42,
      vhangup: 58,
    },
    namespaced: {
      mount: 40,
      umount2: 39,
      pivot_root: 41,
      open_tree: 428,
      move_mount: 429,
      fsopen: 430,
      fsconfig: 431,
      fsmount: 432,
      fspick: 433,
      mount_setattr: 442,
      sethostname: 161,
      setdomainname: 162,
    },
  },
};

/** Bytes for `bwrap --seccomp`; undefined for an architecture whose calls are not known here. */
export function seccompFilter(architecture: string, nestedNamespaces: boolean): Buffer | undefined {
  const known = architectures[architecture];
  if (!known) return undefined;
  const program: (readonly [code: number, onTrue: number, onFalse: number, value: number])[] = [];
  const load = (offset: number) => program.push([BPF.load, 0, 0, offset]);
  const answer = (value: number) => program.push([BPF.answer, 0, 0, value]);
  /** The next `length` instructions apply to this call only. */
  const forCall = (call: number, length: number) => program.push([BPF.equal, 0, length, call]);

  load(ARCHITECTURE);
  program.push([BPF.equal, 1, 0, known.audit]);
  answer(KILL);
  load(NUMBER);
  if (known.limit !== undefined) {
    program.push([BPF.atLeast, 0, 1, known.limit]);
    answer(errno(ENOSYS));
  }
  const refused = { ...known.refused, ...(nestedNamespaces ? {} : known.namespaced) };
  for (const call of Object.values(refused)) {
    forCall(call, 1);
    answer(errno(EPERM));
  }
  forCall(known.ioctl, 5);
  load(argument(1));
  program.push([BPF.equal, 1, 0, ioctls.TIOCSTI], [BPF.equal, 0, 1, ioctls.TIOCLINUX]);
  answer(errno(EPERM));
  answer(ALLOW);
  forCall(known.socket, socketFamilies.length + 3);
  load(argument(0));
  for (const [index, family] of socketFamilies.entries()) {
    program.push([BPF.equal, socketFamilies.length - index, 0, family]);
  }
  answer(errno(EPERM));
  answer(ALLOW);
  if (!nestedNamespaces) {
    for (const call of [known.unshare, known.clone]) {
      forCall(call, 5);
      load(argument(0));
      program.push([BPF.and, 0, 0, CLONE_NEWUSER], [BPF.equal, 0, 1, CLONE_NEWUSER]);
      answer(errno(EPERM));
      answer(ALLOW);
    }
    forCall(known.setns, 1);
    answer(errno(EPERM));
    // Its flags are in memory, where a filter cannot look: without it the C library falls back to clone.
    forCall(known.clone3, 1);
    answer(errno(ENOSYS));
  }
  answer(ALLOW);

  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, onTrue, onFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(onTrue, index * 8 + 2);
    bytes.writeUInt8(onFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
