import { readFileSync } from "node:fs";
import { request } from "node:https";

/** How the tests' own cluster is reached, as `cluster with` wrote it: JSON, with everything in it. */
interface Kubeconfig {
  clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
  users: [{ user: { "client-certificate-data": string; "client-key-data": string } }];
}

/** The machine's end of the wire to the node: pods reach it. */
export const MACHINE = "10.200.0.1";

/** True where the suite runs on Kubernetes. */
export const onKubernetes = process.env["BERTH_RUNTIME"] === "kubernetes";

/** MiB of memory that a database has everywhere: on Kubernetes an instance manager takes its part. */
export const SMALL = onKubernetes ? 256 : 128;

/** What a console needs to run its services there. */
export function runtime(): Record<string, string | undefined> {
  if (!onKubernetes) return {};
  const { BERTH_RUNTIME, BERTH_KUBERNETES_CONFIG, KUBECONFIG } = process.env;
  if (!KUBECONFIG || !BERTH_KUBERNETES_CONFIG) throw new Error("run by `cluster with`, which names a cluster");
  // where the tests run servers that are nobody's service
  return { BERTH_RUNTIME, BERTH_KUBERNETES_CONFIG, KUBECONFIG, BERTH_ALLOW_NETWORKS: "10.200.0.0/24" };
}

type Method = "GET" | "POST" | "DELETE" | "PATCH";

/** Asks the API server behind Berth's back. */
function ask(method: Method, path: string, change?: object): Promise<string> {
  const { clusters, users } = JSON.parse(readFileSync(process.env["KUBECONFIG"]!, "utf8")) as Kubeconfig;
  const [{ cluster }, { user }] = [clusters[0], users[0]];
  const bytes = (data: string) => Buffer.from(data, "base64");
  const identity = {
    ca: bytes(cluster["certificate-authority-data"]),
    cert: bytes(user["client-certificate-data"]),
    key: bytes(user["client-key-data"]),
  };
  return new Promise((done, fail) => {
    const type = method === "POST" ? "application/json" : "application/merge-patch+json";
    const headers = change ? { "content-type": type } : {};
    const asked = request(new URL(path, cluster.server), { method, headers, ...identity }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => (answer.statusCode! < 300 ? done(text) : fail(new Error(`${method} ${path}: ${text}`))));
    });
    asked.on("error", fail).end(change && JSON.stringify(change));
  });
}

export async function kubernetes<T>(method: Method, path: string, change?: object): Promise<T> {
  return JSON.parse(await ask(method, path, change)) as T;
}

/** What a pod has said; nothing where it hasn't begun. */
export function log({ metadata: { namespace, name } }: Thing): Promise<string> {
  return ask("GET", `/api/v1/namespaces/${namespace}/pods/${name}/log`).catch(() => "");
}

/** Where a name leads that only pods can look up, in libpq's environment; nothing where there is none in a text. */
export async function address(text: string): Promise<{ PGHOSTADDR?: string }> {
  const [, name, namespace] = /([a-z0-9-]+)\.(berth-[0-9a-f-]+)\.svc\b/.exec(text) ?? [];
  if (!onKubernetes || !name) return {};
  const { spec } = await kubernetes<{ spec: { clusterIP: string } }>("GET", `/api/v1/namespaces/${namespace}/services/${name}`);
  return { PGHOSTADDR: spec.clusterIP };
}

/** An object, as far as the tests look at it. */
export interface Thing {
  metadata: { name: string; namespace: string; labels?: Record<string, string>; deletionTimestamp?: string };
}

/** Objects of a kind that have a label. */
export async function labelled(kind: string, label: string, group = "api/v1"): Promise<Thing[]> {
  const { items } = await kubernetes<{ items: Thing[] }>("GET", `/${group}/${kind}?labelSelector=${encodeURIComponent(label)}`);
  return items;
}
