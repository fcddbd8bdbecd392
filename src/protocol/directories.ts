/** Working directories are an ordered set of URIs. Each function returns its input when nothing changes. */

type Directories = string[] | undefined;

export function addDirectory(directories: Directories, directory: string): Directories {
  return directories?.includes(directory) ? directories : [...(directories ?? []), directory];
}

export function removeDirectory(directories: Directories, directory: string): Directories {
  return directories?.includes(directory) ? directories.filter((one) => one !== directory) : directories;
}

/** The replacement takes the place of `directory`, unless it already stands earlier; it never stands twice. */
export function replaceDirectory(directories: Directories, directory: string, replacement: string): Directories {
  if (!directories?.includes(directory) || directory === replacement) return directories;
  return Array.from(new Set(directories.map((one) => (one === directory ? replacement : one))));
}
