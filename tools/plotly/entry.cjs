/** plotly.js with the traces that the dashboard draws: scatter, which is part of the core, and heatmaps. */
"use strict";

const Plotly = require("plotly.js/lib/core");

Plotly.register([require("plotly.js/lib/heatmap")]);

module.exports = Plotly;
