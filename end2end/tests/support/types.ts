/** What the REST API answers, as far as the tests look at it. */

export interface Service {
  uuid: string;
  name: string;
  label: string;
  project_id: string;
  resource_id: string;
  state: string;
  state_reason: string | null;
  observed_at: string | null;
  ram_size: number;
  disk_size: number;
  cpu_size: number;
  operation: { uuid: string; kind: string; state: string; progress: number; error: string | null } | null;
  role: "primary" | "replica" | null;
  replicas: { uuid: string; name: string; label: string; state: string }[];
  public_access: string;
  mounts: { app_id: string; mount_point: string; label: string | null; state: string; reason: string | null }[];
  connection_details: Details | null;
}

export interface Details {
  internal: {
    hostname: string;
    port: number;
    database: string;
    username: string;
    password: string;
    connection_url: string;
    psql_command: string;
  };
  external: { hostname: string; port: number; external_connection_url: string; psql_command: string } | null;
}

export interface Operation {
  uuid: string;
  kind: string;
  state: string;
  finished_at: string | null;
  error: string | null;
  steps: { key: string; title: string; state: string; detail: string | null; took_ms: number | null }[];
}

export interface Project {
  uuid: string;
  name: string;
}

export interface Var {
  key: string;
  value: string | null;
  service_id: string | null;
}

export interface Refusal {
  error?: string;
  errors?: string;
  fields: { field: string; code: string; message: string }[];
  request_id: string;
}

/** The secret half of a service, which only a caller who may see it gets. */
export function details(service: Service): Details["internal"] {
  if (!service.connection_details) throw new Error(`${service.name} came without connection details`);
  return service.connection_details.internal;
}
