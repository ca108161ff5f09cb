/** Which image a task runs. */
export interface ImageRef {
  /** As its user wrote it: `nginx:1.27`, `registry:5000/shop/web@sha256:...`. */
  readonly image: string;
  /** The digest of the image's configuration, `sha256:...`. Docker calls it the image's id. */
  readonly imageId?: string;
}

/**
 * The tag of an image: `1.27` for `nginx:1.27`, `latest` for `nginx`. Undefined for an image that is named by its
 * digest or its id.
 */
export function imageTag(image: string): string | undefined {
  if (image.startsWith('sha256:')) return undefined;
  const { name, tag, digest } = parts(image);
  return name === '' ? undefined : (tag ?? (digest === undefined ? 'latest' : undefined));
}

/** The first twelve digits of a digest, as Docker shows them. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/**
 * The shortest text for each of several images that tells it from the others: the tag, else the tag with the digest,
 * else the whole image.
 */
export function distinctImageNames(images: readonly ImageRef[]): string[] {
  const isOneName = new Set(images.map(({ image }) => parts(image).name)).size <= 1;
  const names = images.map(({ image }) => {
    const tag = isOneName ? imageTag(image) : undefined;
    if (tag !== undefined) return tag;
    const { name, digest } = parts(image);
    const known = digest ?? (image.startsWith('sha256:') ? image : undefined);
    if (known === undefined) return image;
    return isOneName || name === 'sha256' ? shortDigest(known) : `${name}@${shortDigest(known)}`;
  });
  return images.map(({ imageId }, at) => {
    const name = names[at] ?? '';
    const isUnique = names.indexOf(name) === names.lastIndexOf(name);
    return isUnique || imageId === undefined ? name : `${name} (${shortDigest(imageId)})`;
  });
}

/** `2 × 1.8-alpine, 1 × 1.9-alpine` */
export function versionsText(versions: readonly (ImageRef & { readonly tasks: number })[]): string {
  const names = distinctImageNames(versions);
  return versions.map(({ tasks }, at) => `${tasks} × ${names[at] ?? ''}`).join(', ');
}

function parts(image: string): { readonly name: string; readonly tag?: string; readonly digest?: string } {
  const at = image.indexOf('@');
  const digest = at === -1 ? undefined : image.slice(at + 1);
  const named = at === -1 ? image : image.slice(0, at);
  // A colon before a slash belongs to the port of a registry.
  const colon = named.lastIndexOf(':');
  const tag = colon > named.lastIndexOf('/') ? named.slice(colon + 1) : undefined;
  return {
    name: tag === undefined ? named : named.slice(0, colon),
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}
