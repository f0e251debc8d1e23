import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { repository } from "./dockerfile.ts";

type Labels = Readonly<Record<string, string>>;
type Reference = { readonly name: string };
type Probe = { readonly httpGet: { readonly path: string; readonly port: string } };

/** The fields of a container that the tests check. `go/` checks the manifests against the types of Kubernetes. */
export type Container = {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly valueFrom?: { readonly secretKeyRef: Reference };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources: { readonly requests: Labels; readonly limits: Labels };
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};

/** The fields of a pod that the tests check. */
export type PodSpec = {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly {
    readonly labelSelector: { readonly matchLabels: Labels };
  }[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: Reference;
    readonly secret?: { readonly secretName: string; readonly defaultMode?: number };
  }[];
};

/** A Kubernetes object. */
export type Manifest = {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // Each kind has its own shape; the tests cast it where they use it.
  readonly spec: Readonly<Record<string, unknown>>;
};

/** A Deployment or a StatefulSet. */
export type Workload = Manifest & {
  readonly spec: {
    readonly replicas: number;
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
      readonly spec: PodSpec;
    };
    readonly volumeClaimTemplates?: readonly Manifest[];
  };
};

/** A folder with a kustomization, and the objects that it applies. */
export type Overlay = {
  readonly manifests: readonly Manifest[];
  readonly workload: Workload;
  /** Text of the settings file. */
  readonly settings: string;
  readonly configMapNames: readonly string[];
  readonly images: readonly { readonly name: string }[];
};

/** Returns the spec of the first object of a kind. Throws an Error if there is none. */
export function specOf(manifests: readonly Manifest[], kind: string): Manifest["spec"] {
  const found = manifests.find((manifest) => manifest.kind === kind);
  if (found === undefined) {
    throw new Error(`there is no ${kind}`);
  }
  return found.spec;
}

type Kustomization = {
  readonly resources: readonly string[];
  readonly images?: readonly { readonly name: string }[];
  readonly configMapGenerator?: readonly Reference[];
};

const folder = join(repository, "deploy/kubernetes");
const textOf = (path: string) => readFileSync(join(folder, path), "utf8");

/** Reads all objects of a file under deploy/kubernetes. */
export function readManifests(path: string): readonly Manifest[] {
  return parseAllDocuments(textOf(path), { strict: true }).map((document) => {
    const [error] = document.errors;
    if (error) {
      throw error;
    }
    return document.toJS() as Manifest;
  });
}

/** Reads an overlay of deploy/kubernetes, with its objects as they are in the files, before kustomize changes them. */
export function readOverlay(name: string): Overlay {
  const kustomization = parse(textOf(`${name}/kustomization.yaml`)) as Kustomization;
  const manifests = manifestsOf(name);
  const workload = manifests.find(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
  if (workload === undefined) {
    throw new Error(`${name} has neither a Deployment nor a StatefulSet`);
  }
  return {
    manifests,
    workload: workload as Workload,
    settings: textOf(`${name}/mdps.yaml`),
    configMapNames: (kustomization.configMapGenerator ?? []).map((generator) => generator.name),
    images: kustomization.images ?? [],
  };
}

function manifestsOf(name: string): readonly Manifest[] {
  const { resources } = parse(textOf(`${name}/kustomization.yaml`)) as Kustomization;
  return resources.flatMap((resource) =>
    resource.endsWith(".yaml") ? readManifests(join(name, resource)) : manifestsOf(join(name, resource)),
  );
}
