#include "CCellar.h"
