/* LD_PRELOAD: every name is 127.0.0.1, and DNS says that its canonical name is $CANON. */
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int
getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	int r;

	(void)node;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	r = real("127.0.0.1", service, hints, out);
	if (r == 0 && hints != NULL && (hints->ai_flags & AI_CANONNAME) != 0) {
		free((*out)->ai_canonname);
		(*out)->ai_canonname = strdup(getenv("CANON"));
	}
	return r;
}
