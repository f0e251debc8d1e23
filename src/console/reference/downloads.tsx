/** Documents that other tools read. */
const downloads: readonly (readonly [href: string, file: string, about: string])[] = [
  ["/openapi.json", "openapi.json", "OpenAPI 3.1 of pushing and reading, with the address of this server"],
  ["/console/emulator.openapi.json", "emulator.openapi.json", "OpenAPI 3.1 of the control of the emulator"],
  ["/$discovery/rest", "discovery.json", "Discovery document, as Google's client libraries read it"],
  ["/console/proto.tar.gz", "proto.tar.gz", "the .proto files, with all that they import"],
  ["/console/contract.binpb", "contract.binpb", "descriptors with comments, for grpcurl and buf"],
  ["/console/push-record.schema.json", "push-record.schema.json", "JSON Schema of a record for mdps push"],
];

/** Links to the documents of the contract. */
export function Downloads() {
  return (
    <dl class="reference-index">
      {downloads.map(([href, file, about]) => (
        <div key={href}>
          <dt>
            <a href={href} download={file}>
              {file}
            </a>
          </dt>
          <dd>{about}</dd>
        </div>
      ))}
    </dl>
  );
}
