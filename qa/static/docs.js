// Shows the interface's description, and lets it be tried on this very service.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#interface",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
