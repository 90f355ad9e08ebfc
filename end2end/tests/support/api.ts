import { noteAll, noteSent } from "./canary.ts";
import { onKubernetes } from "./cluster.ts";
import { type Operation, type Project, type Service, type Var } from "./types.ts";
import { until } from "./until.ts";

export interface Answer<T = any> {
  status: number;
  headers: Headers;
  text: string;
  body: T;
}

type Fields = Record<string, unknown>;
type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** How long what is asked for may take: pods take longer to come and go than processes. */
const PATIENCE = onKubernetes ? 240_000 : 60_000;

/** A caller of the REST API: an address and, for most requests, a token. */
export class Api {
  constructor(
    readonly url: string,
    readonly token?: string,
    private readonly extra: Record<string, string> = {},
  ) {}

  with(headers: Record<string, string>): Api {
    return new Api(this.url, this.token, { ...this.extra, ...headers });
  }

  async send<T = any>(method: Method, path: string, body?: Fields | string | URLSearchParams): Promise<Answer<T>> {
    const headers = new Headers(this.extra);
    if (this.token !== undefined) headers.set("authorization", `Bearer ${this.token}`);
    if (body instanceof URLSearchParams) headers.set("content-type", "application/x-www-form-urlencoded");
    else if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
    const sent = body === undefined ? null : typeof body === "string" ? body : body instanceof URLSearchParams ? body.toString() : JSON.stringify(body);
    if (sent !== null) noteSent(sent);
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers, body: sent, redirect: "manual" });
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
    const read = (json ? JSON.parse(text) : text) as T;
    noteAll(read);
    return { status: answer.status, headers: answer.headers, text, body: read };
  }

  get<T = any>(path: string): Promise<Answer<T>> {
    return this.send("GET", path);
  }

  post<T = any>(path: string, body?: Fields | string | URLSearchParams): Promise<Answer<T>> {
    return this.send("POST", path, body);
  }

  put<T = any>(path: string, body: Fields): Promise<Answer<T>> {
    return this.send("PUT", path, body);
  }

  patch<T = any>(path: string, body: Fields): Promise<Answer<T>> {
    return this.send("PATCH", path, body);
  }

  delete<T = any>(path: string): Promise<Answer<T>> {
    return this.send("DELETE", path);
  }

  /** An answer that has to be good. */
  async good<T>(answer: Promise<Answer<T>>): Promise<T> {
    const { status, text, body } = await answer;
    if (status >= 300) throw new Error(`${status}: ${text}`);
    return body;
  }

  async signIn(email: string, password: string): Promise<Api> {
    const tokens = await this.good<{ access_token: string }>(this.post("/auth/sign_in", { email, password }));
    return new Api(this.url, tokens.access_token);
  }

  async project(name = "default"): Promise<Project> {
    const all = await this.good<Project[]>(this.get("/projects?limit=200"));
    const found = all.find((project) => project.name === name);
    if (!found) throw new Error(`No project is called ${name}`);
    return found;
  }

  /** A project of a test's own. */
  newProject(name: string): Promise<Project> {
    return this.good(this.post<Project>("/projects", { name }));
  }

  async vars(project: string): Promise<Var[]> {
    return this.good(this.get<Var[]>(`/projects/${project}/vars?limit=200`));
  }

  async create(fields: Fields): Promise<Service> {
    return this.good(this.post<Service>("/services", { service_type: "postgres", postgres_version: "17", ...fields }));
  }

  service(id: string): Promise<Service> {
    return this.good(this.get<Service>(`/services/${id}`));
  }

  /** The service once it is in one of these states. */
  state(id: string, wanted: string[], within = PATIENCE): Promise<Service> {
    return until(`${id} to be ${wanted.join(" or ")}`, () => this.service(id), (seen) => wanted.includes(seen.state), { within });
  }

  /** A service that serves. */
  async healthy(fields: Fields): Promise<Service> {
    const { uuid } = await this.create(fields);
    return this.state(uuid, ["healthy"], 2 * PATIENCE);
  }

  /** The operation once it has ended. */
  async ended(id: string, within = PATIENCE): Promise<Operation> {
    const look = () => this.good(this.get<Operation>(`/operations/${id}`));
    return until(`operation ${id} to end`, look, (seen) => seen.finished_at !== null, { within });
  }

  /** Deletes a service and waits until nothing of it is left. */
  async remove(id: string): Promise<void> {
    await this.good(this.delete(`/services/${id}`));
    await until(`${id} to be gone`, async () => (await this.get(`/services/${id}`)).status, (status) => status === 404, { within: PATIENCE });
  }
}
