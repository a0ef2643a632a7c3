// Shows the API's description with the Swagger UI that ships with us; no validator is asked, and no query is read.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", validatorUrl: null, queryConfigEnabled: false });
