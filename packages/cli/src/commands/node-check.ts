export async function checkNode(_flags: unknown): Promise<{}> {
  return {};
}
