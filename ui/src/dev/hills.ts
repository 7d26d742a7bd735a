// A landscape to stand where a photo would.
import url from './hills.svg?url';

export const hillsPicture: string = url;
