/** Plotly, fetched when the first chart comes into view, and set up to talk to nobody. */

export const CONFIG = Object.freeze({
  showSendToCloud: false,
  displaylogo: false,
  plotlyServerURL: "",
  topojsonURL: "",
  responsive: true,
  displayModeBar: false,
});

let loading = null;

/** Return Plotly, loading it the first time. */
export function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.plotly;
    script.async = true;
    script.onload = () => setTimeout(() => resolve(window.Plotly)); // a task of its own: the page stays alert
    script.onerror = () => {
      loading = null;
      script.remove();
      reject(new Error("the charts' library could not be loaded; reload the page to try again"));
    };
    document.head.append(script);
  });
  return loading;
}
