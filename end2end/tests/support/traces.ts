import { existsSync } from "node:fs";
import { labelled, onKubernetes } from "./cluster.ts";
import { listens } from "./ports.ts";
import { below } from "./procs.ts";
import { shared } from "./shared.ts";
import { type Service, details } from "./types.ts";

/** Kinds of objects that a database is made of, by their groups. */
const KINDS: [string, string][] = [
  ...["pods", "persistentvolumeclaims", "secrets", "services"].map((kind): [string, string] => [kind, "api/v1"]),
  ["clusters", "apis/postgresql.cnpg.io/v1"],
  ["networkpolicies", "apis/networking.k8s.io/v1"],
];

/** What there is of a database where it runs: processes, a directory and a port, or objects of a cluster. */
export async function traces(service: Service): Promise<string[]> {
  if (onKubernetes) {
    const found = KINDS.map(async ([kind, group]) => (await labelled(kind, `berth.dev/name=${service.name}`, group)).map(({ metadata }) => `${kind}/${metadata.name}`));
    return (await Promise.all(found)).flat();
  }
  const place = `${shared().dataDir}/services/${service.name}`;
  const { port } = details(service);
  return [
    ...below(place).map(({ command }) => command),
    ...(existsSync(place) ? [place] : []),
    ...((await listens(port)) ? [`port ${port}`] : []),
  ];
}
