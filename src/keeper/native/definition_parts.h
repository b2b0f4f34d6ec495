#ifndef DEFINITION_PARTS_H
#define DEFINITION_PARTS_H

/* What definition.c and definition_fields.c have in common, and nobody else uses. */

#include "definition.h"

#define ID_MAX 4294967294u /* -1 means "leave it" to setresuid(2) */

/* Reads `fields`. NULL, or what is wrong with them. */
const char *definition_fill(struct definition *definition);

#endif
