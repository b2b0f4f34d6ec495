#include "stage.h"

#define STAGE_WORD(word) #word,
static const char *const words[] = {STAGES(STAGE_WORD)};

const char *stage_word(enum stage stage)
{
	return words[stage < STAGE_COUNT ? stage : STAGE_none];
}
