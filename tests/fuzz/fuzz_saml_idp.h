/* Made by seed_saml.py for fuzz_saml.c: the IdP whose key no longer exists. */
#ifndef TESTS_FUZZ_FUZZ_SAML_IDP_H
#define TESTS_FUZZ_FUZZ_SAML_IDP_H

#define FUZZ_IDP "https://one.example.test/idp"
#define FUZZ_NOW 1790000000LL

static const char fuzz_idp_metadata[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- made by a test --><EntityDescript"
    "or xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2"
    "000/09/xmldsig#\" entityID=\"https://one.example.test/idp\"><IDPSSODescriptor pr"
    "otocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><KeyDescriptor"
    " use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>MIIC/TCCAeWgAwIBAg"
    "IUBvXHPmr/6JchVMHeLEMYLViZu0UwDQYJKoZIhvcNAQELBQAwDjEMMAoGA1UEAwwDb25lMB4XDTI2MT"
    "EyMzAwMjQyMloXDTQ2MTExODAwMjQyMlowDjEMMAoGA1UEAwwDb25lMIIBIjANBgkqhkiG9w0BAQEFAA"
    "OCAQ8AMIIBCgKCAQEAkdHwJWYDZtJTP5VGVdl7MIuuUiWi3g/FVk5acHFLsa2+q8efHOLuOlSDCvFnWu"
    "Kcut3ro0SYAX9r1ViPoYuuw2opwI/ArIRFJe966gq011jAGzNHFqGN5biYw/f2JmGHESy0hHO1VeBpPY"
    "qyHL0QZoxw7eza7VsBZpvYnsozwUy2HbfUShThSMwW/BrqFcykrR+9bdWPb+fulAIftAw53vGXSBeEiF"
    "f2Faymeut1BFIZGJHMsYyHjkFEz0qfOK7KgwJ989uTbM8k5xXOUH/pt6r+aOXeLSyyRPzZSpb+902F/R"
    "lWj18LVKIiGALIrSXZ+xxGVUo9fKTZIQjW7PyQbwIDAQABo1MwUTAdBgNVHQ4EFgQU2lxVUfuCWD9jme"
    "U/bsyyMU35/SUwHwYDVR0jBBgwFoAU2lxVUfuCWD9jmeU/bsyyMU35/SUwDwYDVR0TAQH/BAUwAwEB/z"
    "ANBgkqhkiG9w0BAQsFAAOCAQEAMmC1JlAsJgjsfg5Bm4c6XuwxIH4y/4KG/bZjX6oISojehzGO+uBg2c"
    "4mpwWiwePVpRw97WnYvBt31wVWWDXrBrOcxfOumRQ11YnUjMuxkaYYeLQwAg1Z+omBHpPCX5CuZnqC9f"
    "Zzk5nrDy5A5M2w3S2MFcaYaW2EDDN7j/E+ilG4cidH4vfwnocMtv2VxXdQNK9RgVXrwoHZeFBzkwJwHS"
    "3WbaZqXosrxXmd+Ew40yhRvA2HSkA9iP4epifYjlvZ4klWtHCyCaC40e9D+jFFXxkI8pCcGrLf3AsNTb"
    "PQuD/IDLe/bmGjj6+kZ9y0raQoac7VNJiWy6/05Cx0MsEQWA==</ds:X509Certificate></ds:X509"
    "Data></ds:KeyInfo></KeyDescriptor><SingleSignOnService Binding=\"urn:oasis:names"
    ":tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example.test/sso?x="
    "1&amp;y=2\"/></IDPSSODescriptor></EntityDescriptor>";

#endif
