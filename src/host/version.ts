/** The host's version: the package's, as a test makes sure. */
export const HOST_VERSION = "0.1.0";
