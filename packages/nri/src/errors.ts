/** gRPC status numbers, as ttRPC carries them. */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type NriErrorCode =
  | "REFUSED"
  | "INVALID_PLUGIN_NAME"
  | "INVALID_PLUGIN_INDEX"
  | "INVALID_SOCKET_FD"
  | "INVALID_OPTION"
  | "NO_HANDLERS"
  | "EVENTS_UNSUPPORTED"
  | "CONNECT_FAILED"
  | "CONNECTION_CLOSED"
  | "CONNECTION_STALLED"
  | "REGISTRATION_REJECTED"
  | "REGISTRATION_TIMEOUT"
  | "MUX_FRAME_TOO_LARGE"
  | "TTRPC_MESSAGE_TOO_LARGE"
  | "TTRPC_PROTOCOL"
  | "MALFORMED_MESSAGE"
  | "MISSING_FIELD"
  | "UNKNOWN_METHOD"
  | "TOO_MANY_REQUESTS"
  | "SYNCHRONIZE_TOO_LARGE"
  | "UNENCODABLE_MESSAGE"
  | "CALL_FAILED"
  | "CALL_TIMEOUT"
  | "UPDATE_INSIDE_HANDLER"
  | "NOT_CONNECTED"
  | "HANDLER_FAILED"
  | "HANDLER_TIMEOUT"
  | "SHUTTING_DOWN"
  | "ARGS_UNSUPPORTED"
  | "SECCOMP_ERRNO_UNSUPPORTED";

/**
 * Every code of this package: the ttRPC status that a handler answers when the error leaves it, and what to do about it.
 */
export const NRI_ERRORS: Readonly<Record<NriErrorCode, { readonly status: number; readonly hint: string }>> = {
  // Thrown by plugins: the policy says no.
  REFUSED: { status: Status.PERMISSION_DENIED, hint: "the message says what to change" },

  // The plugin's own settings.
  INVALID_PLUGIN_NAME: { status: Status.INVALID_ARGUMENT, hint: "use letters, digits and _ . + - in the name" },
  INVALID_PLUGIN_INDEX: { status: Status.INVALID_ARGUMENT, hint: "use exactly two digits, 00 to 99" },
  INVALID_SOCKET_FD: {
    status: Status.INVALID_ARGUMENT,
    hint: "NRI_PLUGIN_SOCKET is set by the runtime; unset it to run on your own",
  },
  INVALID_OPTION: { status: Status.INVALID_ARGUMENT, hint: "correct the option that the message names" },
  NO_HANDLERS: {
    status: Status.INVALID_ARGUMENT,
    hint: "implement at least one event: an empty event mask means all events to NRI",
  },
  EVENTS_UNSUPPORTED: {
    status: Status.FAILED_PRECONDITION,
    hint: "upgrade the runtime, or handle an event that it knows",
  },

  // The connection.
  CONNECT_FAILED: {
    status: Status.UNAVAILABLE,
    hint: "check that the runtime runs, that NRI is enabled and that the socket can be reached",
  },
  CONNECTION_CLOSED: { status: Status.UNAVAILABLE, hint: "wait for the next connection" },
  CONNECTION_STALLED: {
    status: Status.RESOURCE_EXHAUSTED,
    hint: "the runtime does not read its socket; look at the runtime",
  },
  REGISTRATION_REJECTED: { status: Status.FAILED_PRECONDITION, hint: "the runtime's message says why" },
  REGISTRATION_TIMEOUT: {
    status: Status.DEADLINE_EXCEEDED,
    hint: "the runtime accepted the connection but does not serve it; look at its log",
  },

  // What arrives.
  MUX_FRAME_TOO_LARGE: { status: Status.RESOURCE_EXHAUSTED, hint: "the peer does not speak NRI's mux, or is broken" },
  TTRPC_MESSAGE_TOO_LARGE: { status: Status.RESOURCE_EXHAUSTED, hint: "send less in one message; the limit is 4 MiB" },
  TTRPC_PROTOCOL: { status: Status.INVALID_ARGUMENT, hint: "the peer does not speak ttRPC, or is broken" },
  MALFORMED_MESSAGE: { status: Status.INVALID_ARGUMENT, hint: "the peer sent bytes that are no such protobuf message" },
  MISSING_FIELD: { status: Status.INVALID_ARGUMENT, hint: "the peer left out a message that NRI requires" },
  UNKNOWN_METHOD: { status: Status.UNIMPLEMENTED, hint: "nothing: newer runtimes fall back by themselves" },
  TOO_MANY_REQUESTS: {
    status: Status.RESOURCE_EXHAUSTED,
    hint: "the handlers are slower than the requests come; answer faster",
  },
  SYNCHRONIZE_TOO_LARGE: {
    status: Status.RESOURCE_EXHAUSTED,
    hint: "the runtime reports more than this package keeps; look at the runtime",
  },

  // What is sent.
  UNENCODABLE_MESSAGE: { status: Status.INTERNAL, hint: "give the field a value of its type and range" },
  CALL_FAILED: { status: Status.UNKNOWN, hint: "the runtime's message says why" },
  CALL_TIMEOUT: { status: Status.DEADLINE_EXCEEDED, hint: "the runtime did not answer in time; try again" },
  UPDATE_INSIDE_HANDLER: {
    status: Status.FAILED_PRECONDITION,
    hint: "call it in call.afterReply(): the runtime waits for the handler, so waiting for the runtime would stall both",
  },
  NOT_CONNECTED: { status: Status.UNAVAILABLE, hint: "wait until the plugin is synchronized" },
  HANDLER_FAILED: { status: Status.UNKNOWN, hint: "a handler threw; its message says why" },
  HANDLER_TIMEOUT: {
    status: Status.DEADLINE_EXCEEDED,
    hint: "answer from memory, and do slow work in call.afterReply()",
  },
  SHUTTING_DOWN: { status: Status.UNAVAILABLE, hint: "try again when the plugin runs again" },
  ARGS_UNSUPPORTED: {
    status: Status.FAILED_PRECONDITION,
    hint: "use containerd 2.2.0 or CRI-O 1.34 or later: older runtimes ignore args silently",
  },
  SECCOMP_ERRNO_UNSUPPORTED: {
    status: Status.FAILED_PRECONDITION,
    hint: "leave errnoRet out, or use a runtime with NRI 0.12: older ones crash on it",
  },
};

/**
 * The only error this package throws. A handler that throws one answers its `status` and `message` to the runtime;
 * `new NriError("REFUSED", "why")` is how a policy says no. `hint` says what to do next.
 */
export class NriError extends Error {
  override readonly name: string = "NriError";
  readonly code: NriErrorCode;
  readonly status: number;
  readonly hint: string;

  constructor(code: NriErrorCode, message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = options.status ?? NRI_ERRORS[code].status;
    this.hint = NRI_ERRORS[code].hint;
  }

  /** What a handler threw as what the runtime is told: an NriError as it is, anything else as HANDLER_FAILED. */
  static from(thrown: unknown): NriError {
    if (thrown instanceof NriError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new NriError("HANDLER_FAILED", message, { cause: thrown });
  }
}
