export * from './backend';
export * from './generated/api';
