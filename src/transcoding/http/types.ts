import { createRegistry, type Registry } from "@bufbuild/protobuf";
import {
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";
import { file_google_rpc_error_details } from "#deps/google/rpc/error_details_pb.js";

/** The types that every Any and every error may contain: google/rpc/error_details.proto and the well-known types. */
const defaultTypes = createRegistry(
  file_google_rpc_error_details,
  file_google_protobuf_any,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
);

/** The extended registry of each registry, because errors need them and creating one takes long. */
const extended = new WeakMap<Registry, Registry>();

/** Returns the default types, extended by those of the option `registry`, which win over types of the same name. */
export function typesWith(registry: Registry | undefined): Registry {
  if (registry === undefined) {
    return defaultTypes;
  }
  const known = extended.get(registry);
  if (known !== undefined) {
    return known;
  }
  const types = createRegistry(defaultTypes, registry);
  extended.set(registry, types).set(types, types);
  return types;
}
