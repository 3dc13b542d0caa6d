// libfcgi's application interface. Never fcgi_stdio.h, which redefines the names of <stdio.h>.
#ifndef LATCHKEY_CFASTCGI_SHIM_H
#define LATCHKEY_CFASTCGI_SHIM_H

#include <fcgiapp.h>

#endif
