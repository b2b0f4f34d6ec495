#ifndef PROTOCOL_H
#define PROTOCOL_H

/*
 * The version that this keeper speaks; ../PROTOCOL.md has the history. A daemon meets keepers of other versions when
 * it was upgraded: to try that, the tests build this one as version 1 was, and as the next one may be.
 */
#ifndef PROTOCOL_VERSION
#define PROTOCOL_VERSION 2
#endif

#endif
