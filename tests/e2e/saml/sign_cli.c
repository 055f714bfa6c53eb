/* Signs XML for the tests: an xmlsec1 --sign that stays, because 800 starts of it take a minute.
 * One job a line: KEYFILE hmac|pem BASE64 -> base64 of the signed document, or "error". Signs the
 * first ds:Signature template; every attribute called ID is an ID. All of xmlsec's algorithms. */
#include "common/text.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xmlsec/app.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

static xmlSecKey *
key_read(const char *path, bool hmac)
{
	if (hmac)
		return xmlSecKeyReadBinaryFile(xmlSecKeyDataHmacId, path);
	return xmlSecCryptoAppKeyLoad(path, xmlSecKeyDataFormatPem, NULL, NULL, NULL);
}

static void
ids_add(xmlDoc *doc, xmlNode *n)
{
	static const xmlChar *ids[] = {BAD_CAST "ID", NULL};

	xmlSecAddIDs(doc, n, ids);
}

static bool
sign(xmlDoc *doc, const char *key, bool hmac, struct kf_buf *out)
{
	xmlNode *sig = xmlSecFindNode(xmlDocGetRootElement(doc), xmlSecNodeSignature, xmlSecDSigNs);
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	xmlBuffer *text = xmlBufferCreate();
	bool ok = false;

	ids_add(doc, xmlDocGetRootElement(doc));
	ctx->signKey = key_read(key, hmac);
	if (sig != NULL && ctx->signKey != NULL && xmlSecDSigCtxSign(ctx, sig) == 0 &&
	    xmlNodeDump(text, doc, xmlDocGetRootElement(doc), 0, 0) > 0) {
		kf_buf_base64(
		    out, kf_span_of(xmlBufferContent(text), (size_t)xmlBufferLength(text)));
		ok = true;
	}
	xmlBufferFree(text);
	xmlSecDSigCtxDestroy(ctx);
	return ok;
}

static void
job(const char *key, const char *kind, const char *base64)
{
	struct kf_buf xml = {0}, out = {0};
	xmlDoc *doc = NULL;

	if (kf_unbase64(kf_span_str(base64), &xml) == KF_OK)
		doc = xmlReadMemory(kf_buf_cstr(&xml), (int)xml.n, NULL, NULL, XML_PARSE_NONET);
	if (doc != NULL && sign(doc, key, strcmp(kind, "hmac") == 0, &out))
		printf("%s\n", kf_buf_cstr(&out));
	else
		printf("error\n");
	(void)fflush(stdout);
	xmlFreeDoc(doc);
	kf_buf_free(&xml);
	kf_buf_free(&out);
}

int
main(void)
{
	char *line = NULL;
	size_t cap = 0;

	if (xmlSecInit() < 0 || xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0)
		return 2;
	while (getline(&line, &cap, stdin) > 0) {
		char *rest = line;
		const char *key = strsep(&rest, " "), *kind = strsep(&rest, " ");
		if (kind != NULL && rest != NULL)
			job(key, kind, rest);
	}
	free(line);
	return 0;
}
