import { Fragment } from 'preact';
import type { ServiceJson, TaskJson, VersionJson } from '../api/types/resources.js';
import { Age, Foreign, Toned } from './text-parts.js';

/** `2 × 1.8-alpine, 1 × 1.9-alpine`, and since when it is being upgraded. */
export function Versions({ service }: { readonly service: ServiceJson }) {
  const { versions, upgradingSince } = service;
  const list = versions.map((version, index) => (
    <Fragment key={index}>
      {index > 0 && ', '}
      {(versions.length > 1 || version.tasks > 1) && `${version.tasks} × `}
      <Foreign text={versionText(version)} />
    </Fragment>
  ));
  if (upgradingSince === undefined) return <>{list}</>;
  return (
    <Toned tone="warn">
      {list}, upgrading for <Age since={upgradingSince} />
    </Toned>
  );
}

/** The tag, or else the beginning of the digest. */
export function versionText({
  tag,
  imageId,
  image,
}: Pick<VersionJson, 'tag' | 'imageId'> & Pick<TaskJson, 'image'>): string {
  return tag ?? shortId(imageId) ?? image ?? '';
}

/** `sha256:0123456789ab`, as `docker images` shortens it. */
export function shortId(imageId: string | undefined): string | undefined {
  return imageId?.replace(/^sha256:/, '').slice(0, 12);
}
