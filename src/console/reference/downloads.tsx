/** Documents that other tools read. */
const downloads: readonly (readonly [href: string, file: string, about: string])[] = [
  ["/openapi.json", "openapi.json", "OpenAPI 3.1 of pushing and reading, with the address of this server"],
  ["/console/emulator.openapi.json", "emulator.openapi.json", "OpenAPI 3.1 of the control of the emulator"],
  [
    "/console/contract.binpb",
    "contract.binpb",
    "descriptors with comments (FileDescriptorSet), for grpcurl and buf",
  ],
];

/** Links to the documents of the contract. */
export function Downloads() {
  return (
    <ul class="downloads">
      {downloads.map(([href, file, about]) => (
        <li key={href}>
          <a href={href} download={file}>
            {file}
          </a>{" "}
          <span class="muted">{about}</span>
        </li>
      ))}
    </ul>
  );
}
