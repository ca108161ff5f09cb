/** Remembers what it made last: the clients of a stream get the same one after another. */
export function rememberLast<Given extends readonly unknown[], Made>(
  make: (...given: Given) => Made,
): (...given: Given) => Made {
  let last: { readonly given: Given; readonly made: Made } | undefined;
  return (...given) => {
    if (!last?.given.every((each, at) => each === given[at])) last = { given, made: make(...given) };
    return last.made;
  };
}
